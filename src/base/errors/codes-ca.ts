import type { ErrorTable } from './kinds.ts';

/** Errors raised by ca. A code is stable API: add, never rename. */
export const caErrors = {} as const satisfies ErrorTable;
