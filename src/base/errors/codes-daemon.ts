import type { ErrorTable } from './kinds.ts';

/** Errors raised by daemon. A code is stable API: add, never rename. */
export const daemonErrors = {} as const satisfies ErrorTable;
