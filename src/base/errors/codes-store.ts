import type { ErrorTable } from './kinds.ts';

/** Errors raised by store. A code is stable API: add, never rename. */
export const storeErrors = {
  'transaction-too-large': {
    kind: 'invalid',
    text: ({ size, limit }) => `the change is too large to be made at once: ${size}, at most ${limit}`,
  },
  'entry-version': {
    kind: 'internal',
    text: ({ version, known }) =>
      `the log holds an entry of format ${version}; this version of Ruche reads format ${known}. Start the newer version`,
  },
  'entry-damaged': {
    kind: 'internal',
    text: ({ problem }) => `an entry of the log can't be read: ${problem}`,
  },
  'snapshot-version': {
    kind: 'internal',
    text: ({ version, known }) =>
      `the snapshot has format ${version}; this version of Ruche reads format ${known}. Start the newer version`,
  },
  'snapshot-damaged': {
    kind: 'internal',
    text: ({ problem }) => `the snapshot can't be read: ${problem}`,
  },
} as const satisfies ErrorTable;
