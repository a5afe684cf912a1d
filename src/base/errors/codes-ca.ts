import type { ErrorTable } from './kinds.ts';

/** Errors raised by the certificate authority and the key file. A code is stable API: add, never rename. */
export const caErrors = {
  'join-token-malformed': { kind: 'invalid', text: () => 'invalid join token' },
  'key-file-unreadable': {
    kind: 'internal',
    text: ({ file, reason }) =>
      `the key file ${file} can't be used: ${reason}. Without it the cluster state on this node can't be read. Restore it from a backup, ` +
      'or remove the state directory to begin anew',
  },
} as const satisfies ErrorTable;
