import type { ErrorTable } from './kinds.ts';

/** Errors that every room may raise. A code is stable API: add, never rename. */
export const baseErrors = {
  'deadline-passed': {
    kind: 'unavailable',
    text: ({ what, timeoutMs }) => `${what} took longer than ${timeoutMs} ms`,
  },
  'queue-full': {
    kind: 'unavailable',
    text: ({ what, limit }) => `${what}: ${limit} requests are waiting already, try again later`,
  },
  'not-built-yet': {
    kind: 'notImplemented',
    text: ({ what }) => `${what} is not implemented yet`,
  },
} as const satisfies ErrorTable;
