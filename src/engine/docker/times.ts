/** An instant as the Engine API takes it in queries: Unix seconds with nine decimals. Times of that form pass; others are RFC 3339. */
export function unixSeconds(at: string): string {
  if (/^-?[0-9]+(\.[0-9]{1,9})?$/.test(at)) return at;
  const fraction = /\.([0-9]+)/.exec(at)?.[1] ?? '';
  const seconds = Math.floor(Date.parse(at.replace(/\.[0-9]+/, '')) / 1000);
  return `${seconds}.${fraction.slice(0, 9).padEnd(9, '0')}`;
}

/** RFC 3339 in UTC with nine digits of a second. */
export function timeOfNanos(nanos: bigint): string {
  const seconds = nanos / 1_000_000_000n;
  const fraction = (nanos % 1_000_000_000n).toString().padStart(9, '0');
  return new Date(Number(seconds) * 1000).toISOString().replace(/\.[0-9]+Z$/, `.${fraction}Z`);
}
