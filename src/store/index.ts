/**
 * The replicated state in memory: tables, indexes, transactions, watch, snapshot codec. Memory only, deterministic:
 * two stores that apply the same entries are equal.
 * - Objects are replaced, never changed. Versions, revisions, templates and store time are set by apply alone.
 * - Preconditions are checked in log order, each transaction on what those before it left.
 * - A list and a watch that begin in the same turn miss nothing; a watcher that is too slow is told so.
 */
export {
  type Change,
  type Changed,
  type Commit,
  type Entry,
  MAX_CHANGES,
  type Outcome,
  type Precondition,
  type Put,
  type Remove,
  type Transaction,
} from './change.ts';
export {
  decodeEntry,
  type EntryHeader,
  encodeEntry,
  encodeTransaction,
  joinEntry,
  MAX_ENTRY_BYTES,
  MAX_TRANSACTION_BYTES,
  sizeInEntry,
  splitTransaction,
} from './entry-codec.ts';
export { type HeldState, snapshotSlices } from './snapshot-codec.ts';
export { type Applied, Store } from './store.ts';
export {
  idOf,
  isTableName,
  type TableName,
  type Tables,
  tableNames,
  templateKey,
  type WritableTable,
} from './tables.ts';
export type { View } from './view.ts';
export { MAX_WATCH_BACKLOG, Watch, type WatchBatch, type WatchOptions } from './watch.ts';
