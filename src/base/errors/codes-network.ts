import type { ErrorTable } from './kinds.ts';

/** Errors raised by network. A code is stable API: add, never rename. */
export const networkErrors = {} as const satisfies ErrorTable;
