import type { ErrorTable } from './kinds.ts';

/** Errors raised by images. A code is stable API: add, never rename. */
export const imagesErrors = {} as const satisfies ErrorTable;
