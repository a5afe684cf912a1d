import type { TableName, Tables } from './tables.ts';

/**
 * One object write. `put` replaces the whole object; apply stamps `Internal.Revision` with the entry's log index, and where
 * `newVersion` is set also `Version.Index` (a client's spec was accepted). A `put` of a service with `newSpec` gets
 * `Internal.SpecVersion` = the entry's log index and its template is written beside it.
 */
export type Change = { readonly [T in TableName]: Put<T> }[TableName] | Remove;

export interface Put<T extends TableName> {
  readonly kind: 'put';
  readonly table: T;
  readonly object: Tables[T];
  /** Moves `Version.Index`, and `UpdatedAt`, to this entry. */
  readonly newVersion?: true;
}

export interface Remove {
  readonly kind: 'remove';
  readonly table: TableName;
  readonly id: string;
}

/** What must hold, at the transaction's place in the log, for its changes to be applied. */
export type Precondition =
  /** The object exists and its `Internal.Revision` is this one: nobody wrote it since the proposer read it. */
  | { readonly kind: 'revision'; readonly table: TableName; readonly id: string; readonly revision: number }
  /** The object exists and its client-visible `Version.Index` is this one. */
  | { readonly kind: 'version'; readonly table: TableName; readonly id: string; readonly index: number }
  | { readonly kind: 'exists'; readonly table: TableName; readonly id: string }
  | { readonly kind: 'absent'; readonly table: TableName; readonly id: string }
  /** No object of the table has this name (compared without case), but the one with `exceptId`. */
  | { readonly kind: 'nameFree'; readonly table: TableName; readonly name: string; readonly exceptId?: string };

/** Changes that are applied together or not at all. */
export interface Transaction {
  readonly preconditions: readonly Precondition[];
  readonly changes: readonly Change[];
}

/** What became of a transaction: applied, or the first precondition that did not hold. */
export type Outcome =
  | { readonly applied: true; readonly index: number }
  | { readonly applied: false; readonly failed: Precondition; readonly index: number };

/** One entry of the log: transactions of many callers, applied in order, each on what those before it left. */
export interface Entry {
  /** Format version of the entry, 1. */
  readonly version: 1;
  /** Epoch of the cluster; raised by restore and force-new-cluster. */
  readonly epoch: number;
  /** Store time in ms as the leader proposed it; apply never lets it go back. */
  readonly storeTime: number;
  readonly transactions: readonly Transaction[];
}

/** One object as it was and is now; a created one has no `before`, a removed one no `after`. */
export type Changed = {
  readonly [T in TableName]: {
    readonly table: T;
    readonly id: string;
    readonly before?: Tables[T];
    readonly after?: Tables[T];
  };
}[TableName];

/** Everything that one entry changed, in order. Watchers get these in log order. */
export interface Commit {
  readonly index: number;
  readonly storeTime: number;
  readonly changes: readonly Changed[];
}
