import type { ErrorTable } from './kinds.ts';

/** Errors raised by manager. A code is stable API: add, never rename. */
export const managerErrors = {} as const satisfies ErrorTable;
