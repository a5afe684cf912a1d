import type { ErrorTable } from './kinds.ts';

/** Errors raised by rpc. A code is stable API: add, never rename. */
export const rpcErrors = {} as const satisfies ErrorTable;
