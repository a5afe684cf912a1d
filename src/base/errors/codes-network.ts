import type { ErrorTable } from './kinds.ts';

/** Errors raised by network. A code is stable API: add, never rename. */
export const networkErrors = {
  'network-namespace-failed': {
    kind: 'unavailable',
    text: ({ name, why }) => `the network namespace ${name} can't be made: ${why}`,
  },
  'network-namespace-name-invalid': {
    kind: 'invalid',
    text: ({ name }) => `${JSON.stringify(name)} is no name of a network namespace`,
  },
} as const satisfies ErrorTable;
