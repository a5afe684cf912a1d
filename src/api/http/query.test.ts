import { expect, test } from 'vitest';
import { flag, plainStrictFlag, strictFlag, versionOf } from './query.ts';

const query = (text: string) => new URLSearchParams(text);

test.each(['force=1', 'force=true', 'force=bad', 'force=YES'])('%s is set', (text) => {
  expect(flag(query(text), 'force')).toBe(true);
});

test.each(['', 'force=', 'force=0', 'force=No', 'force=FALSE', 'force=none', 'other=1'])('%s is not set', (text) => {
  expect(flag(query(text), 'force')).toBe(false);
});

test('strict flags take what Go takes', () => {
  expect(['1', 't', 'TRUE', 'True'].every((value) => strictFlag(query(`status=${value}`), 'status'))).toBe(true);
  expect(['', '0', 'F', 'false'].some((value) => strictFlag(query(`status=${value}`), 'status'))).toBe(false);
  expect(() => strictFlag(query('status=bad'), 'status')).toThrow(
    'invalid value for status: bad: strconv.ParseBool: parsing "bad": invalid syntax',
  );
  expect(() => plainStrictFlag(query('rotateWorkerToken=x'), 'rotateWorkerToken')).toThrow(
    /^invalid value for rotateWorkerToken: x$/,
  );
});

test.each([
  ['', 'invalid swarm version \'\': strconv.ParseUint: parsing "": invalid syntax'],
  ['version=abc', 'invalid swarm version \'abc\': strconv.ParseUint: parsing "abc": invalid syntax'],
  ['version=-1', 'invalid swarm version \'-1\': strconv.ParseUint: parsing "-1": invalid syntax'],
  [
    'version=99999999999999999999',
    'invalid swarm version \'99999999999999999999\': strconv.ParseUint: parsing "99999999999999999999": value out of range',
  ],
])('%s is refused', (text, message) => {
  expect(() => versionOf(query(text), 'swarm')).toThrow(message);
});

test('a version is read', () => {
  expect(versionOf(query('version=12'), 'swarm')).toBe(12);
});
