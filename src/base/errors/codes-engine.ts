import type { ErrorTable } from './kinds.ts';

/** Errors raised by engine. A code is stable API: add, never rename. */
export const engineErrors = {
  'container-name-taken': {
    kind: 'conflict',
    text: ({ name }) =>
      `Conflict. The container name "/${name}" is already in use. You have to remove (or rename) that container to be able to reuse that name.`,
  },
} as const satisfies ErrorTable;
