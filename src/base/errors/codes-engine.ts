import type { ErrorTable } from './kinds.ts';

/** Errors raised by engine. A code is stable API: add, never rename. */
export const engineErrors = {} as const satisfies ErrorTable;
