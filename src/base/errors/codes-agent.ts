import type { ErrorTable } from './kinds.ts';

/** Errors raised by agent. A code is stable API: add, never rename. */
export const agentErrors = {} as const satisfies ErrorTable;
