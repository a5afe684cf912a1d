import type { Instant } from '../../../base/index.ts';

/** What Docker shows for a time that has not come. */
export const NO_TIME = '0001-01-01T00:00:00Z';

/** RFC 3339 in UTC as Go prints it: trailing zeros of the fraction left out. */
export function timestampOf(instant: Instant): string {
  return timestampOfNs(BigInt(Math.round(instant * 1000)) * 1000n);
}

export function timestampOfNs(ns: bigint): string {
  const seconds = ns / 1_000_000_000n;
  const fraction = (ns % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '');
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${whole}${fraction === '' ? '' : `.${fraction}`}Z`;
}

/** Nanoseconds since the epoch of an RFC 3339 time, or of Unix seconds with an optional fraction; `undefined` for anything else. */
export function parseTimeNs(text: string): bigint | undefined {
  const unix = /^(-?\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (unix) return BigInt(unix[1] ?? 0) * 1_000_000_000n + BigInt((unix[2] ?? '').padEnd(9, '0'));
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (!match) return undefined;
  const ms = Date.parse(`${match[1]}${match[3]}`);
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}
