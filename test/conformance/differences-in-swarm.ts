import type { Difference } from './differences.ts';

/** Differences of the groups that play in a swarm. */
export const laterDifferences: readonly Difference[] = [];
