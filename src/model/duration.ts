import type { Integer } from './json/schema.ts';

const NANOSECONDS_PER_MS = 1_000_000;
const SECOND = 1_000_000_000n;
const MINUTE = 60n * SECOND;
const HOUR = 60n * MINUTE;

/** Milliseconds, with a fraction, of a duration in nanoseconds. */
export function msOf(nanoseconds: Integer): number {
  return Number(nanoseconds) / NANOSECONDS_PER_MS;
}

/** Nanoseconds of a duration in milliseconds. */
export function nanosecondsOf(ms: number): number {
  return Math.round(ms * NANOSECONDS_PER_MS);
}

/** A duration as Go prints it: `1h0m0s`, `1.5s`, `2ms`, `0s`. */
export function formatDuration(duration: Integer): string {
  const value = BigInt(duration);
  if (value === 0n) return '0s';
  const size = value < 0n ? -value : value;
  const sign = value < 0n ? '-' : '';
  if (size < SECOND) return sign + subsecond(size);
  const hours = size / HOUR;
  const minutes = (size % HOUR) / MINUTE;
  const seconds = `${decimal(size % MINUTE, SECOND)}s`;
  if (hours > 0n) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0n ? `${sign}${minutes}m${seconds}` : sign + seconds;
}

function subsecond(size: bigint): string {
  if (size < 1_000n) return `${size}ns`;
  return size < 1_000_000n ? `${decimal(size, 1_000n)}µs` : `${decimal(size, 1_000_000n)}ms`;
}

/** `value / unit` without rounding and without trailing zeros. */
function decimal(value: bigint, unit: bigint): string {
  const fraction = (value % unit)
    .toString()
    .padStart(unit.toString().length - 1, '0')
    .replace(/0+$/, '');
  return fraction === '' ? `${value / unit}` : `${value / unit}.${fraction}`;
}
