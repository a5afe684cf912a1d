import { describe, expect, test } from 'vitest';
import { apiMinorOf, cleanTarget, MAX_API_MINOR, parseTarget } from './path.ts';

describe('parseTarget', () => {
  test('takes the version prefix off and decodes the path', () => {
    expect(parseTarget('/v1.41/services/a%20b?x=%2F')).toEqual({
      path: '/services/a b',
      rawPath: '/services/a%20b?x=%2F',
      version: '1.41',
      query: 'x=%2F',
    });
  });

  test('a prefix that is no number belongs to the path', () => {
    expect(parseTarget('/vx.y/info')).toEqual({ path: '/vx.y/info', rawPath: '/vx.y/info', query: '' });
  });

  test('an absolute target is read from its path on', () => {
    expect(parseTarget('http://docker/v1.24/info').path).toBe('/info');
    expect(parseTarget('http://docker').path).toBe('/');
  });

  test('an escape that decodes to nothing is refused', () => {
    expect(() => parseTarget('/services/%zz')).toThrow('invalid URL escape in "/services/%zz"');
  });
});

test.each([
  ['/v1.41//services', '/v1.41/services'],
  ['//services?x=//', '/services?x=//'],
  ['/a/./b', '/a/b'],
  ['/a/../b/', '/b/'],
  ['/..', '/'],
])('%s moves to %s', (from, to) => {
  expect(cleanTarget(from)).toBe(to);
});

test.each(['/', '/services/', '/v1.41/services', '/images/a.b/json', '/_ping?x=a//b'])('%s is clean', (path) => {
  expect(cleanTarget(path)).toBeUndefined();
});

describe('apiMinorOf', () => {
  test.each([
    [undefined, MAX_API_MINOR],
    ['1.24', 24],
    ['1.41', 41],
    ['1.51', 51],
    ['1.41.9', 41],
  ])('%s is minor %s', (version, minor) => {
    expect(apiMinorOf(version)).toBe(minor);
  });

  test.each(['1.52', '1.99', '2.0', '10', '1.51.1'])('%s is too new', (version) => {
    expect(() => apiMinorOf(version)).toThrow(
      `client version ${version} is too new. Maximum supported API version is 1.51`,
    );
  });

  test.each(['1.23', '1.10', '1', '0.9', '1.'])('%s is too old', (version) => {
    expect(() => apiMinorOf(version)).toThrow(
      `client version ${version} is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version`,
    );
  });
});
