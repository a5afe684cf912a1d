import type { ErrorTable } from './kinds.ts';

/** Errors raised by rpc. A code is stable API: add, never rename. */
export const rpcErrors = {
  'message-too-large': {
    kind: 'invalid',
    text: ({ kind, sizeBytes, limitBytes }) =>
      `message ${kind} has ${sizeBytes} bytes, at most ${limitBytes} may travel at once: split it`,
  },
  'message-version': {
    kind: 'invalid',
    text: ({ version, known }) =>
      `message has format version ${version}, this daemon reads version ${known}: upgrade the older of the two`,
  },
  'message-kind': {
    kind: 'invalid',
    text: ({ kind }) => `message of unknown kind ${kind}: upgrade the older of the two daemons`,
  },
  'message-malformed': {
    kind: 'invalid',
    text: ({ at, problem }) => `malformed message: ${at} ${problem}`,
  },
  'connection-refused': {
    kind: 'unavailable',
    text: ({ address }) => `no manager answers at ${address}`,
  },
} as const satisfies ErrorTable;
