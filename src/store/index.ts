/**
 * The replicated state in memory: tables, indexes, transactions, watch, snapshot codec. Memory only, deterministic:
 * two stores that apply the same entries are equal.
 * - Objects are replaced, never changed. Versions, revisions and store time are set by apply alone.
 * - Preconditions are checked in log order, each transaction on what those before it left.
 */
export type { Change, Changed, Commit, Entry, Outcome, Precondition, Put, Remove, Transaction } from './change.ts';
export { type TableName, type Tables, tableNames, templateKey } from './tables.ts';
export type { View } from './view.ts';
