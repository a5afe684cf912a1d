import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ContainerLogRecord } from '../port/container.ts';
import { addressText, parseEngineAddress } from './address.ts';
import { describeEngine } from './describe.ts';
import { parseExact } from './exact-json.ts';
import { containerCreateFields, refuseNewerFields } from './field-versions.ts';
import { withDefaultTag } from './image-name.ts';
import { framedRecords, terminalRecords } from './log-stream.ts';
import { timeOfNanos, unixSeconds } from './times.ts';

test.each([
  ['/run/docker.sock', 'unix:///run/docker.sock'],
  ['unix:///run/docker.sock', 'unix:///run/docker.sock'],
  ['tcp://10.0.0.1', 'tcp://10.0.0.1:2375'],
  ['tcp://engine:1234/', 'tcp://engine:1234'],
  ['tcp://[::1]:1234', 'tcp://[::1]:1234'],
])('the address %s is %s', (given, text) => {
  expect(addressText(parseEngineAddress(given))).toBe(text);
});

test.each([
  '',
  'docker.sock',
  'ssh://x',
  'tcp://',
  'tcp://a:0',
  'tcp://a:70000',
  'unix://relative',
])('the address %j is refused', (address) => {
  expect(() => parseEngineAddress(address)).toThrow(expect.objectContaining({ code: 'engine-address-invalid' }));
});

test.each([
  ['busybox', 'busybox:latest'],
  ['busybox:1', 'busybox:1'],
  ['reg:5000/a/b', 'reg:5000/a/b:latest'],
  ['a@sha256:0', 'a@sha256:0'],
  ['a:1@sha256:0', 'a:1@sha256:0'],
])('the image %s is pulled as %s', (given, name) => {
  expect(withDefaultTag(given)).toBe(name);
});

test('times cross to the nanosecond, both ways', () => {
  expect(unixSeconds('2026-01-02T03:04:05.123456789Z')).toBe('1767323045.123456789');
  expect(unixSeconds('2026-01-02T04:04:05.5+01:00')).toBe('1767323045.500000000');
  expect(unixSeconds('1767323045.5')).toBe('1767323045.5');
  expect(timeOfNanos(1_767_323_045_000_000_001n)).toBe('2026-01-02T03:04:05.000000001Z');
});

test('integers beyond 2^53 survive, others stay numbers', () => {
  expect(parseExact('{"a":1767323045123456789,"b":1,"c":1.5,"d":"1767323045123456789"}')).toEqual({
    a: 1_767_323_045_123_456_789n,
    b: 1,
    c: 1.5,
    d: '1767323045123456789',
  });
});

describe('a field newer than the engine', () => {
  const refusedAt = (minor: number, body: unknown) => () => refuseNewerFields(body, containerCreateFields, minor);

  test.each([
    [{ Healthcheck: { StartInterval: 5 } }, 43, 'Healthcheck.StartInterval needs Docker Engine API 1.44'],
    [{ healthcheck: { startinterval: 5 } }, 43, 'Healthcheck.StartInterval'],
    [{ HostConfig: { Mounts: [{ Type: 'bind' }, { Type: 'image' }] } }, 47, 'HostConfig.Mounts[].Type "image"'],
    [{ HostConfig: { Annotations: { a: 'b' } } }, 42, 'HostConfig.Annotations'],
    [
      {
        NetworkingConfig: { EndpointsConfig: { n: { DriverOpts: { 'com.docker.network.endpoint.sysctls': 'x=1' } } } },
      },
      45,
      'com.docker.network.endpoint.sysctls needs Docker Engine API 1.46',
    ],
  ])('%j is refused by name at 1.%i', (body, minor, text) => {
    expect(refusedAt(minor, body)).toThrow(expect.objectContaining({ message: expect.stringContaining(text) }));
    expect(refusedAt(51, body)).not.toThrow();
  });

  test('passes as long as it says nothing', () => {
    const body = {
      Healthcheck: { StartInterval: 0 },
      HostConfig: { Annotations: {}, Mounts: [{ Type: 'volume', VolumeOptions: { Subpath: '' } }] },
      NetworkingConfig: { EndpointsConfig: { n: { GwPriority: 0 } } },
    };
    expect(refusedAt(40, body)).not.toThrow();
  });
});

test('a description has Swarm’s form: plugins by type and name, overlay always among the networks', () => {
  const description = describeEngine('unix:///x', {
    Name: 'host',
    OSType: 'linux',
    Architecture: 'x86_64',
    NCPU: 2,
    MemTotal: 5,
    ServerVersion: '20.10.24',
    Labels: ['zone=a', 'bare'],
    Plugins: { Network: ['null', 'bridge'], Volume: ['local'], Log: ['syslog', 'json-file'], Authorization: null },
  });
  expect(description).toEqual({
    Hostname: 'host',
    Platform: { Architecture: 'x86_64', OS: 'linux' },
    Resources: { NanoCPUs: 2_000_000_000, MemoryBytes: 5 },
    Engine: {
      EngineVersion: '20.10.24',
      Labels: { zone: 'a', bare: '' },
      Plugins: [
        { Type: 'Log', Name: 'json-file' },
        { Type: 'Log', Name: 'syslog' },
        { Type: 'Network', Name: 'bridge' },
        { Type: 'Network', Name: 'null' },
        { Type: 'Network', Name: 'overlay' },
        { Type: 'Volume', Name: 'local' },
      ],
    },
  });
});

describe('logs', () => {
  const at = '2026-01-02T03:04:05.123456789Z';
  type Said = { readonly stream: 'stdout' | 'stderr'; readonly text: string };
  const said = fc.array(
    fc.record({ stream: fc.constantFrom('stdout' as const, 'stderr' as const), text: fc.string({ maxLength: 50 }) }),
    { maxLength: 20 },
  );
  const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });

  test('come out as they went in, however the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(said, cuts, async (lines, sizes) => {
        const bytes = Buffer.concat(lines.map(frameOf));
        const records = await Array.fromAsync(framedRecords('x', pieces(bytes, sizes)));
        expect(records.map(shown)).toEqual(lines.map(({ stream, text }) => `${stream} ${at} ${text}`));
      }),
    );
  });

  test('of a terminal come out line by line, long ones in their parts, however the stream is cut', async () => {
    const part = 'x'.repeat(16 * 1024);
    const texts = ['one\r\n', part, part, 'rest\r\n', '\r\n', 'no end'];
    const bytes = Buffer.from(texts.map((text) => `${at} ${text}`).join(''));
    for (const size of [1_000, 16_384, 16_415, 100_000]) {
      const records = await Array.fromAsync(terminalRecords('x', pieces(bytes, [size])));
      expect(records.map(({ bytes: line }) => Buffer.from(line).toString('utf8'))).toEqual(texts);
    }
  });

  test('that are no frames, or have no times, are an outage', async () => {
    const read = (bytes: Buffer) => Array.fromAsync(framedRecords('x', pieces(bytes, [99])));
    await expect(read(Buffer.from('plain text of eight'))).rejects.toMatchObject({ code: 'engine-answer-malformed' });
    const untimed = Buffer.from([1, 0, 0, 0, 0, 0, 0, 2, 0x68, 0x69]);
    await expect(read(untimed)).rejects.toMatchObject({ code: 'engine-answer-malformed' });
  });

  function frameOf({ stream, text }: Said): Buffer {
    const body = Buffer.from(`${at} ${text}`);
    const header = Buffer.alloc(8);
    header[0] = stream === 'stdout' ? 1 : 2;
    header.writeUInt32BE(body.length, 4);
    return Buffer.concat([header, body]);
  }

  const shown = ({ stream, at: time, bytes }: ContainerLogRecord) =>
    `${stream} ${time} ${Buffer.from(bytes).toString('utf8')}`;

  async function* pieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
    for (let from = 0, turn = 0; from < bytes.length; turn++) {
      const size = sizes[turn % sizes.length] ?? 1;
      yield bytes.subarray(from, from + size);
      from += size;
    }
  }
});
