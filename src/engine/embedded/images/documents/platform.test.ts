import { describe, expect, test } from 'vitest';
import { parsePlatform, platformName, platformRank } from './platform.ts';

const host = { os: 'linux', architecture: 'amd64' };

test.each<[string, string]>([
  ['linux', 'linux/amd64'],
  ['linux/arm64', 'linux/arm64'],
  ['arm64', 'linux/arm64'],
  ['aarch64', 'linux/arm64'],
  ['Linux/ARM/v6', 'linux/arm/v6'],
  ['armhf', 'linux/arm/v7'],
  ['windows', 'windows/amd64'],
])('%s means %s', (text, name) => {
  expect(platformName(parsePlatform(text, host))).toBe(name);
});

test.each(['', 'linux/', 'a/b', 'linux/a/b/c', 'li nux'])('%j is refused', (text) => {
  expect(() => parsePlatform(text, host)).toThrow('is an invalid platform');
});

describe('a machine runs', () => {
  const rank = (offered: string, wanted: string) =>
    platformRank(parsePlatform(offered, host), parsePlatform(wanted, host));

  test('its own platform best, older variants less, others not', () => {
    expect(rank('linux/arm/v7', 'linux/arm/v7')).toBe(0);
    expect(rank('linux/arm/v6', 'linux/arm/v7')).toBe(1);
    expect(rank('linux/arm/v7', 'linux/arm/v6')).toBeUndefined();
    expect(rank('linux/arm', 'linux/arm/v7')).toBe(0);
    expect(rank('linux/arm64', 'linux/arm64/v8')).toBe(0);
    expect(rank('linux/arm/v7', 'linux/arm64')).toBeGreaterThan(1);
    expect(rank('linux/amd64', 'linux/arm64')).toBeUndefined();
    expect(rank('windows/amd64', 'linux/amd64')).toBeUndefined();
    expect(platformRank(undefined, host)).toBeGreaterThan(50);
  });
});
