import { describe, expect, test } from 'vitest';
import { allowKeys, anyValue, labelsMatch, parseFilters } from './filters.ts';

const parse = (filters: string) => parseFilters(new URLSearchParams({ filters }));

describe('parseFilters', () => {
  test.each([
    ['{"role":{"manager":true}}', [['role', ['manager']]]],
    ['{"role":{"manager":false}}', [['role', ['manager']]]],
    ['{"role":["manager","worker"]}', [['role', ['manager', 'worker']]]],
    ['{"role":[]}', [['role', []]]],
    ['{"role":null}', [['role', []]]],
    ['{}', []],
    ['null', []],
    ['', []],
  ])('%s', (text, entries) => {
    expect([...parse(text)]).toEqual(entries);
  });

  test.each([
    ['bad', "invalid character 'b' looking for beginning of value"],
    ['x', "invalid character 'x' looking for beginning of value"],
    ['[]', 'json: cannot unmarshal array into Go value of type map[string]map[string]bool'],
    ['{"role":[1]}', 'json: cannot unmarshal array into Go value of type map[string]bool'],
    ['{"role":"manager"}', 'json: cannot unmarshal string into Go value of type map[string]bool'],
    ['{"role":{"a":1}}', 'json: cannot unmarshal number into Go value of type bool'],
  ])('%s is refused as Go words it', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  test('Docker answers 400 for services and 500 elsewhere', () => {
    const query = new URLSearchParams({ filters: 'bad' });
    expect(() => parseFilters(query)).toThrow(expect.objectContaining({ kind: 'internal' }));
    expect(() => parseFilters(query, 'malformed-service-filters')).toThrow(
      expect.objectContaining({ kind: 'invalid' }),
    );
  });
});

test('an unknown key is refused', () => {
  expect(() => allowKeys(parse('{"foo":["x"]}'), 'id')).toThrow("Invalid filter 'foo'");
});

test('values of one key are alternatives, and no value passes everything', () => {
  const startsWith = (filters: string) => anyValue(parse(filters), 'name', (prefix) => 'web'.startsWith(prefix));
  expect([startsWith('{"name":["x","we"]}'), startsWith('{"name":["x"]}'), startsWith('{"name":[]}')]).toEqual([
    true,
    false,
    true,
  ]);
});

test.each([
  ['{"label":["a"]}', true],
  ['{"label":["a=1"]}', true],
  ['{"label":["a=2"]}', false],
  ['{"label":["a=1","b"]}', true],
  ['{"label":["a=1","c"]}', false],
  ['{"label":["b=x=y"]}', true],
  ['{"label":["toString"]}', false],
])('labels and %s', (text, expected) => {
  expect(labelsMatch(parse(text), 'label', { a: '1', b: 'x=y' })).toBe(expected);
});
