import type { ErrorTable } from './kinds.ts';

/** Errors raised by control. A code is stable API: add, never rename. */
export const controlErrors = {} as const satisfies ErrorTable;
