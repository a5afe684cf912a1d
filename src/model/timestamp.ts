import type { Instant } from '../base/index.ts';
import type { Timestamp } from './meta.ts';

/** Go's zero time, which clients read as "never". */
export const zeroTimestamp: Timestamp = '0001-01-01T00:00:00Z';

/** RFC 3339 in UTC as Go prints it with nanoseconds: trailing zeros of the fraction are left out. */
export function timestamp(instant: Instant): Timestamp {
  const whole = Math.floor(instant / 1000);
  const nanoseconds = Math.round((instant - whole * 1000) * 1e6);
  return timestampOfNanoseconds(BigInt(whole) * 1_000_000_000n + BigInt(nanoseconds));
}

/** As `timestamp`, of exact nanoseconds since the Unix epoch. */
export function timestampOfNanoseconds(nanoseconds: bigint): Timestamp {
  const fraction = ((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = (nanoseconds - fraction) / 1_000_000_000n;
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, -5);
  const digits = fraction.toString().padStart(9, '0').replace(/0+$/, '');
  return digits === '' ? `${whole}Z` : `${whole}.${digits}Z`;
}

const form = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/;

/** Nanoseconds since the Unix epoch of an RFC 3339 text; `undefined` when it is none. Digits beyond the ninth are cut. */
export function parseTimestamp(text: string): bigint | undefined {
  const match = form.exec(text);
  if (match === null) return undefined;
  const [, whole = '', fraction = '', zone = 'Z'] = match;
  const local = Date.parse(`${whole}Z`);
  // `Date` reads February 30th as March 2nd; Go refuses it.
  if (Number.isNaN(local) || new Date(local).toISOString().slice(0, 19) !== whole) return undefined;
  const [hours = 0, minutes = 0] = zone === 'Z' ? [] : zone.slice(1).split(':').map(Number);
  if (hours > 23 || minutes > 59) return undefined;
  const offsetMs = (hours * 60 + minutes) * 60_000 * (zone.startsWith('-') ? -1 : 1);
  return BigInt(local - offsetMs) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
}

/** Milliseconds, with a fraction, of an RFC 3339 text. */
export function instantOf(text: Timestamp): Instant | undefined {
  const nanoseconds = parseTimestamp(text);
  return nanoseconds === undefined ? undefined : Number(nanoseconds / 1_000n) / 1000;
}
