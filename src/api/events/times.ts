import { Refusal } from '../../base/index.ts';

/** Docker's words for a time in a query: Unix seconds with up to nine decimals, as nanoseconds. Undefined for what is none. */
export function parseUnixNanos(text: string): bigint | undefined {
  const match = /^(-?[0-9]+)(?:\.([0-9]{1,9}))?$/.exec(text);
  if (match === null) return undefined;
  return BigInt(match[1] ?? '0') * 1_000_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}

/** `since` and `until` of `GET /events`; both in nanoseconds. */
export function eventWindow(query: URLSearchParams): { readonly since?: bigint; readonly until?: bigint } {
  const since = eventTime(query.get('since') ?? '');
  const until = eventTime(query.get('until') ?? '');
  if (since !== undefined && until !== undefined && since > until) {
    throw new Refusal('events-since-after-until', { since: query.get('since'), until: query.get('until') });
  }
  return { ...(since !== undefined && { since }), ...(until !== undefined && { until }) };
}

function eventTime(value: string): bigint | undefined {
  if (value === '') return undefined;
  const parsed = parseUnixNanos(value);
  if (parsed === undefined) throw new Refusal('events-bad-time', { value });
  return parsed;
}
