import { describe, expect, test } from 'vitest';
import { acceptNetworkSpec, addressBits, cidrContains, parseCidr } from '../index.ts';

describe('addresses', () => {
  test.each([
    ['10.1.2.3', '00001010000000010000001000000011'],
    ['::', '0'.repeat(128)],
    ['::1', `${'0'.repeat(127)}1`],
    ['1::', `${'0'.repeat(15)}1${'0'.repeat(112)}`],
    ['::ffff:1.2.3.4', `${'0'.repeat(80)}${'1'.repeat(16)}00000001000000100000001100000100`],
  ])('%s', (address, bits) => expect(addressBits(address)).toBe(bits));

  test.each([
    '',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    '1:2',
    ':::',
    '1::2::3',
    '1.2.3.4::',
    'fe80::1%eth0',
    '1:2:3:4:5:6:7:8:9',
    'g::',
  ])('%j is none', (text) => expect(addressBits(text)).toBeUndefined());

  test('lie in subnets', () => {
    const subnet = parseCidr('10.40.0.5/24');
    expect(subnet?.prefixLength).toBe(24);
    const holds = (address: string) => subnet !== undefined && cidrContains(subnet, addressBits(address) ?? '');
    expect([holds('10.40.0.9'), holds('10.41.0.9'), holds('::1')]).toEqual([true, false, false]);
    for (const text of ['x', '10.0.0.0', '10.0.0.0/33', '10.0.0.0/-1', 'fd00::/200', '10.0.0.0/8/8', '10.0.0.0/08']) {
      expect(parseCidr(text)).toBeUndefined();
    }
  });
});

test('a network is stored without what only its creation needs', () => {
  const sent = { Name: 'n', CheckDuplicate: true, Scope: 'swarm', Labels: {}, IPAM: { Config: [] }, Attachable: true };
  expect(acceptNetworkSpec(sent, 51)).toEqual({ Name: 'n', Driver: 'overlay', IPAM: {}, Attachable: true });
});
