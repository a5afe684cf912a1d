import type { ErrorTable } from './kinds.ts';

/** Errors raised by store. A code is stable API: add, never rename. */
export const storeErrors = {} as const satisfies ErrorTable;
