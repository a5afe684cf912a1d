import { expect, test } from 'vitest';
import { list } from './answer.ts';

test('a list leaves out what is not shown and keeps what it copied', () => {
  const source = [1, 2, 3];
  const answer = list(source, (value) => (value === 2 ? undefined : { value }));
  source.length = 0;
  expect(answer.kind === 'list' && [...answer.elements]).toEqual(['{"value":1}', undefined, '{"value":3}']);
});
