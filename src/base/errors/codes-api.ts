import type { ErrorTable } from './kinds.ts';

/** Errors raised by api. A code is stable API: add, never rename. */
export const apiErrors = {} as const satisfies ErrorTable;
