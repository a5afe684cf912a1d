import type { ErrorTable } from './kinds.ts';

/** Errors raised by manager. A code is stable API: add, never rename. */
export const managerErrors = {
  'outcome-unknown': {
    kind: 'unavailable',
    text: () => 'it is not known whether the change was made: look at the current state before you try again',
  },
  'manager-stopping': {
    kind: 'unavailable',
    text: () => 'this manager is stopping, nothing was changed',
  },
  'no-leader': {
    kind: 'internal',
    rpc: 'Unknown',
    text: () =>
      "The swarm does not have a leader. It's possible that too few managers are online. Make sure more than half of the managers are online.",
  },
  'cluster-state-empty': {
    kind: 'internal',
    text: () =>
      'the state directory holds no swarm: it was being made when the daemon ended. Run "docker swarm init" again',
  },
  'request-cancelled': {
    kind: 'unavailable',
    text: () => 'the request was cancelled before anything was changed',
  },
} as const satisfies ErrorTable;
