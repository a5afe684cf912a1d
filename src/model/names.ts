import { type Random, Refusal } from '../base/index.ts';
import type { NodeId, TaskId } from './ids.ts';

/** The longest name of a service or network: one DNS label. */
const MAX_DNS_NAME = 63;
const MAX_SECRET_NAME = 64;

/** Refuses a service's or network's name that no DNS label can be (Swarm's `validateAnnotations`). */
export function checkDnsName(name: string | undefined): void {
  if (name === undefined || name === '') throw new Refusal('meta-name-missing');
  if (!/^[a-zA-Z0-9](?:[a-zA-Z0-9_-]*[a-zA-Z0-9])?$/.test(name)) throw new Refusal('name-not-dns');
  if (name.length > MAX_DNS_NAME) throw new Refusal('name-too-long');
}

/** Refuses the name of a secret or config that Swarm refuses. */
export function checkSecretName(name: string | undefined): void {
  if (name === undefined || name === '') throw new Refusal('name-missing');
  if (name.length > MAX_SECRET_NAME || !/^[a-zA-Z0-9](?:[a-zA-Z0-9_.-]*[a-zA-Z0-9])?$/.test(name)) {
    throw new Refusal('secret-name-invalid');
  }
}

/** Names are unique without regard to case; this is the form in which they are compared. */
export function nameKey(name: string): string {
  return name.toLowerCase();
}

const qualities = (
  'able agile amber apt azure bold brave brisk calm clear clever cosy crisp eager early earnest easy fair fleet fond frank free ' +
  'fresh gentle glad golden grand hardy honest humble keen kind late lively loyal lucid mellow merry mild modest neat nimble noble ' +
  'patient plain polite prompt proud quick quiet rapid ready robust rosy sage serene sharp silent silver sleek smart snug solid ' +
  'sound spry steady stout sunny sure swift tidy tranquil true vivid warm wise witty young zesty'
).split(' ');

const surnames = (
  'abel ampere appert babbage banach becquerel bernoulli boole bose breguet cauchy celsius chatelet clapeyron codd coulomb curie ' +
  'dalton descartes dijkstra doppler edison euler faraday fermat fermi feynman foucault fourier fresnel galois gauss germain goedel ' +
  'hamilton hertz hilbert hooke hopper hubble huygens jacobi janssen joule kelvin kepler klein kovalevskaya lagrange lamarr lamport ' +
  'laplace lavoisier leibniz liskov lovelace maxwell meitner mendel mersenne milner napier newton noether nobel ohm pascal pasteur ' +
  'planck poincare ramanujan raman ritchie roentgen shannon tesla turing viete volta watt weil wirth'
).split(' ');

/** The name that a service gets whose creator gave none: `adjective_surname`. */
export function randomName(random: Random): string {
  return `${qualities[random.below(qualities.length)]}_${surnames[random.below(surnames.length)]}`;
}

/** A task as Swarm's clients name it; also the name of its container, unique for ever. */
export function taskDisplayName(task: {
  readonly ID: TaskId;
  readonly Name?: string;
  readonly ServiceName: string;
  readonly Slot: number;
  readonly NodeID?: NodeId;
}): string {
  if (task.Name !== undefined && task.Name !== '') return task.Name;
  return `${task.ServiceName}.${task.Slot === 0 ? (task.NodeID ?? '') : task.Slot}.${task.ID}`;
}
