import { Refusal } from '../../base/index.ts';
import type { ContainerLogOptions } from '../../engine/index.ts';
import { parseUnixNanos } from '../events/times.ts';
import { flag } from '../http/query.ts';

/** What a client asks of logs: which records, and what stands before each line. */
export interface LogRequest {
  readonly options: ContainerLogOptions;
  readonly timestamps: boolean;
  readonly details: boolean;
}

/** Reads the query of a log call. Every fault has Docker's text and status. */
export function parseLogRequest(query: URLSearchParams): LogRequest {
  const stdout = flag(query, 'stdout');
  const stderr = flag(query, 'stderr');
  if (!stdout && !stderr) throw new Refusal('logs-no-stream');
  const since = query.get('since') ?? '';
  if (since !== '' && parseUnixNanos(since) === undefined) throw new Refusal('logs-bad-since', { value: since });
  const tail = parseTail(query.get('tail') ?? '');
  return {
    options: {
      stdout,
      stderr,
      follow: flag(query, 'follow'),
      ...(since !== '' && since !== '0' && { since }),
      ...(tail !== undefined && { tail }),
    },
    timestamps: flag(query, 'timestamps'),
    details: flag(query, 'details'),
  };
}

function parseTail(text: string): number | undefined {
  if (text === '' || text === 'all') return undefined;
  if (!/^[+-]?[0-9]+$/.test(text)) throw new Refusal('logs-bad-tail');
  const tail = Number(text);
  if (tail < 0) throw new Refusal('logs-negative-tail');
  return tail;
}
