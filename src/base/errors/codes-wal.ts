import type { ErrorTable } from './kinds.ts';

/** Errors raised by the write-ahead log. A code is stable API: add, never rename. */
export const walErrors = {
  'log-disk-full': {
    kind: 'unavailable',
    text: () => 'the disk that holds the cluster state is full: nothing was written. Free some space and try again',
  },
  'log-failed': {
    kind: 'unavailable',
    text: ({ operation }) => `the disk that holds the cluster state failed (${operation}): this daemon stops`,
  },
  'log-closed': {
    kind: 'unavailable',
    text: () => 'this daemon is stopping',
  },
  'log-damaged': {
    kind: 'internal',
    text: ({ file, offset, reason }) =>
      `the cluster state is damaged: ${file} at byte ${offset}: ${reason}. ` +
      'Nothing was changed. Restore the state directory from a backup, or leave this node out and join it again',
  },
  'log-wrong-key': {
    kind: 'internal',
    text: ({ file }) =>
      `${file} was sealed with another key than the one in this node's key file. Restore the key file that belongs to this state`,
  },
  'log-newer-format': {
    kind: 'internal',
    text: ({ file, version, newest }) =>
      `${file} has format ${version}; this version of Ruche reads up to ${newest}. Nothing was changed. Start the newer version`,
  },
  'log-entry-too-large': {
    kind: 'invalid',
    text: ({ sizeBytes, limitBytes }) => `an entry of ${sizeBytes} bytes exceeds the limit of ${limitBytes} bytes`,
  },
} as const satisfies ErrorTable;
