import { expect, test } from 'vitest';
import { encodeJson, list } from './answer.ts';

test('integers beyond 2^53 come out to the digit', () => {
  expect(encodeJson({ a: [18446744073709551615n], b: 1 })).toBe('{"a":[18446744073709551615],"b":1}');
});

test('a cycle is still an error', () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  expect(() => encodeJson(cycle)).toThrow(TypeError);
});

test('a list leaves out what is not shown and keeps what it copied', () => {
  const source = [1, 2, 3];
  const answer = list(source, (value) => (value === 2 ? undefined : { value }));
  source.length = 0;
  expect(answer.kind === 'list' && [...answer.elements]).toEqual(['{"value":1}', undefined, '{"value":3}']);
});
