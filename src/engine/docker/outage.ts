import { messageOf, Refusal, Unavailable } from '../../base/index.ts';

/** Errors of a connection that never came about. */
const unreachableCodes = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'EACCES',
  'EPERM',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** What the transport threw, as an error with a code: no connection, or one that broke. */
export function outageOf(address: string, error: unknown): Error {
  if (error instanceof Refusal) return error;
  const code = codeOf(error);
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED')
    return new Unavailable('engine-closed', { cause: error });
  const why = code === undefined ? messageOf(error) : (reasons[code] ?? messageOf(error));
  const isUnreachable = code !== undefined && unreachableCodes.has(code);
  return new Unavailable(isUnreachable ? 'engine-unreachable' : 'engine-connection-lost', {
    address,
    why,
    cause: error,
  });
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody serves it',
  ENOENT: 'there is no such socket',
  EACCES: 'permission denied',
  UND_ERR_SOCKET: 'it was closed',
};

/**
 * Runs `work` with a signal that ends with the caller's or after `timeoutMs`, whichever comes first. A caller that gave up gets
 * its own reason, a deadline that passed is `Unavailable`, and what the transport throws is told by `outageOf`.
 */
export async function withinDeadline<T>(
  call: { readonly address: string; readonly what: string; readonly timeoutMs: number; readonly signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { address, what, timeoutMs, signal } = call;
  signal.throwIfAborted();
  const own = new AbortController();
  const timer = setTimeout(() => own.abort(new Unavailable('deadline-passed', { what, timeoutMs })), timeoutMs);
  const giveUp = () => own.abort(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await work(own.signal);
  } catch (error) {
    throw own.signal.aborted ? own.signal.reason : outageOf(address, error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
