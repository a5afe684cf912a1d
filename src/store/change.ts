import type { TableName, Tables, WritableTable } from './tables.ts';

/**
 * Most changes of one transaction, as in Swarm: a conflict drops no more than that, and an apply step stays short. Larger work is
 * split by `splitTransaction`.
 */
export const MAX_CHANGES = 200;

/**
 * One object write. `put` replaces the whole object. Apply alone stamps it: `Internal.Revision` with the entry's log index; where
 * the object is new or `newVersion` is set (a client's spec was accepted), `Version.Index` with the same and `UpdatedAt` with store
 * time; `CreatedAt` at its creation. What the object carries in these fields is ignored.
 *
 * Services, besides: `Internal.SpecVersion` names a template, that is one pair of `Spec.TaskTemplate` and `Spec.EndpointSpec`. Apply
 * alone chooses it, on creation and on a put with `newVersion`, by comparing that pair by value:
 * - equal to the current template's: `SpecVersion` stays. Labels, replicas and update settings make no task dirty;
 * - else equal to the template of `PreviousSpecVersion` (a rollback): `SpecVersion` is that one again, and its tasks are clean;
 * - else a new template is written and `SpecVersion` is the entry's log index.
 * The pair never changes under its key. The service's name, labels and credentials stand in the current template too, for the tasks
 * that are to come: an accepted spec that changes only these rewrites that row and leaves its key.
 * `Internal.PreviousSpecVersion` is chosen with it: absent without a `PreviousSpec`, else the one of the service's two templates that
 * has the pair of `PreviousSpec`. A put without `newVersion` keeps both versions and must not change `Spec` or `PreviousSpec`.
 * A template is removed with the last service and task that name it.
 */
export type Change = { readonly [T in WritableTable]: Put<T> }[WritableTable] | Remove;

export interface Put<T extends WritableTable> {
  readonly kind: 'put';
  readonly table: T;
  readonly object: Tables[T];
  /** Moves `Version.Index`, and `UpdatedAt`, to this entry. */
  readonly newVersion?: true;
}

/** Removing what is not there changes nothing. */
export interface Remove {
  readonly kind: 'remove';
  readonly table: WritableTable;
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

/** Everything that one entry changed, in order, templates too. Watchers get these in log order. */
export interface Commit {
  readonly index: number;
  readonly storeTime: number;
  readonly changes: readonly Changed[];
}
