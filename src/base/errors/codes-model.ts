import type { ErrorTable } from './kinds.ts';

/** Errors raised by model. A code is stable API: add, never rename. */
export const modelErrors = {} as const satisfies ErrorTable;
