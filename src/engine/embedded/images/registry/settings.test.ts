import { describe, expect, test } from 'vitest';
import { parseChallenge } from './challenge.ts';
import { parseCredentials } from './credentials.ts';
import { endpointsOf, proxyFor, type RegistrySettings } from './settings.ts';

const settings: RegistrySettings = {
  insecureRegistries: ['plain.local:5000', '10.1.0.0/16', 'fd00::/8'],
  mirrors: ['https://mirror.local/'],
  certificatesDirectory: '/nonexistent',
  proxy: {},
};

test.each<[string, string[]]>([
  ['docker.io', ['https://mirror.local', 'https://registry-1.docker.io']],
  ['registry.local', ['https://registry.local']],
  ['plain.local:5000', ['https://plain.local:5000', 'http://plain.local:5000']],
  ['plain.local', ['https://plain.local']],
  ['localhost:5000', ['https://localhost:5000', 'http://localhost:5000']],
  ['127.0.0.1', ['https://127.0.0.1', 'http://127.0.0.1']],
  ['10.1.2.3:80', ['https://10.1.2.3:80', 'http://10.1.2.3:80']],
  ['10.2.2.3', ['https://10.2.2.3']],
  ['[fd00::1]:5000', ['https://[fd00::1]:5000', 'http://[fd00::1]:5000']],
  ['127.evil.example', ['https://127.evil.example']],
])('%s is asked at', (domain, bases) => {
  expect(endpointsOf(domain, settings).map(({ base }) => base)).toEqual(bases);
});

describe('a proxy', () => {
  const proxy = {
    https: 'proxy:3128',
    http: 'http://plain-proxy',
    no: 'internal.example,.dev.example, 10.0.0.0/8,host:8443',
  };
  test.each<[string, string | undefined]>([
    ['https://registry.example/v2/', 'http://proxy:3128'],
    ['http://registry.example/v2/', 'http://plain-proxy'],
    ['https://localhost:5000/', undefined],
    ['https://internal.example/', undefined],
    ['https://a.internal.example/', undefined],
    ['https://notinternal.example/', 'http://proxy:3128'],
    ['https://a.dev.example/', undefined],
    ['https://dev.example/', 'http://proxy:3128'],
    ['https://10.9.8.7/', undefined],
    ['https://host:8443/', undefined],
    ['https://host/', 'http://proxy:3128'],
  ])('for %s', (url, expected) => {
    expect(proxyFor(new URL(url), proxy)).toBe(expected);
  });

  test('is not used at all with *, or when none is set', () => {
    expect(proxyFor(new URL('https://a.example'), { ...proxy, no: '*' })).toBeUndefined();
    expect(proxyFor(new URL('https://a.example'), {})).toBeUndefined();
  });
});

describe('a challenge', () => {
  test.each<[string | undefined, object | undefined]>([
    [
      'Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull"',
      { scheme: 'bearer', realm: 'https://auth.example/token', service: 'registry', scope: 'repository:a/b:pull' },
    ],
    ['bearer realm=https://auth.example/token', { scheme: 'bearer', realm: 'https://auth.example/token' }],
    ['Basic realm="x", Bearer realm="https://a.example/t"', { scheme: 'bearer', realm: 'https://a.example/t' }],
    ['Basic realm="x"', { scheme: 'basic' }],
    ['Bearer realm="no address"', undefined],
    ['Negotiate', undefined],
    [undefined, undefined],
  ])('%s', (header, expected) => {
    expect(parseChallenge(header)).toEqual(expected);
  });
});

describe('credentials', () => {
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

  test('are read in every form that clients send', () => {
    expect(parseCredentials(undefined)).toEqual({});
    expect(parseCredentials('')).toEqual({});
    expect(parseCredentials(encoded({}))).toEqual({});
    expect(parseCredentials(encoded({ username: 'a', password: '?>?', serveraddress: 'x' }))).toEqual({
      username: 'a',
      password: '?>?',
    });
    expect(parseCredentials(encoded({ auth: Buffer.from('a:b:c').toString('base64') }))).toEqual({
      username: 'a',
      password: 'b:c',
    });
    expect(parseCredentials(encoded({ identitytoken: 'i' }))).toEqual({ identityToken: 'i' });
    expect(parseCredentials(encoded({ registrytoken: 'r' }))).toEqual({ registryToken: 'r' });
  });

  test('that are none are refused', () => {
    expect(() => parseCredentials('e30x!!garbage')).toThrow("X-Registry-Auth can't be used");
    expect(() => parseCredentials('a'.repeat(100_000))).toThrow('they are too long');
  });
});
