import type { Random } from '../../base/index.ts';

const qualities =
  'amber brave bright brisk calm candid clever copper crisp deft eager early fleet gentle glad golden happy hardy honest humble jolly keen kind lively loyal lucid lunar mellow merry mild modest neat nimble noble patient placid plucky polite proud quick quiet ready robust rosy serene sharp silver sincere sleek smooth snug solar solid spry steady stout sunny swift tender tidy upbeat vivid warm wise witty zesty'.split(
    ' ',
  );

const scientists =
  'abel anning babbage banach bohr boole borg brahe cantor carson cauchy cerf church codd cori curie darwin dijkstra dirac euclid euler faraday fermat fermi franklin galois gauss goedel goodall hamilton hawking hedy hertz hilbert hopper huygens hypatia jang jones joule kepler knuth kovalevskaya lamarr lamport laplace leavitt liskov lovelace maxwell meitner mendel mirzakhani newton noether pascal pasteur pauli perlman planck poincare ramanujan ride ritchie sagan shannon tesla thompson torvalds turing volta wiles wilson wing wu'.split(
    ' ',
  );

/** The name of a service whose creator gave none: a quality and a scientist, as Docker names containers. */
export function randomName(random: Random): string {
  return `${pick(random, qualities)}_${pick(random, scientists)}`;
}

function pick(random: Random, words: readonly string[]): string {
  return words[random.below(words.length)] ?? '';
}
