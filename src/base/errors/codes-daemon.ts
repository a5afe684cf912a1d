import type { ErrorTable } from './kinds.ts';

/** Errors raised by the daemon and its configuration. A code is stable API: add, never rename. */
export const daemonErrors = {
  'configuration-unreadable': {
    kind: 'invalid',
    text: ({ file, reason }) => `the configuration ${file} can't be read: ${reason}`,
  },
  'configuration-key-unknown': {
    kind: 'invalid',
    text: ({ file, key, nearest }) =>
      `the configuration ${file} has a key "${key}" that Ruche does not know${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`,
  },
  'configuration-value-wrong': {
    kind: 'invalid',
    text: ({ file, key, expected }) => `the configuration ${file}: "${key}" must be ${expected}`,
  },
  'not-root': {
    kind: 'forbidden',
    text: () => 'the daemon runs containers and networks and needs root: start it with sudo',
  },
  'already-running': {
    kind: 'conflict',
    text: ({ pid, file }) => `another daemon (process ${pid}) uses this state already; its lock is ${file}`,
  },
  'membership-changing': {
    kind: 'unavailable',
    text: ({ what }) => `this node is busy with "swarm ${what}": try again when that has ended`,
  },
  'state-unreadable': {
    kind: 'internal',
    text: ({ file, reason }) =>
      `${file} can't be used: ${reason}. Nothing was changed. Restore it from a backup, or leave the swarm by force`,
  },
} as const satisfies ErrorTable;
