import type { ErrorTable } from './kinds.ts';

/** Errors raised by wal. A code is stable API: add, never rename. */
export const walErrors = {} as const satisfies ErrorTable;
