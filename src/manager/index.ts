/**
 * A manager: the store behind its log, the one way to change it, the leader's loops, the agents' sessions.
 * - I/O only through ports: the clock, chance, the write-ahead log, connections.
 * - A change is acknowledged when it is durable and applied. One whose outcome is not known says so and is never repeated here.
 * - No step takes more than 20 ms; every queue has a limit and refuses beyond it.
 */
export { type BootstrapInput, bootstrap, type ClusterAuthority } from './bootstrap.ts';
export type { CommittedEntry, Leadership, ReplicatedLog, SnapshotMark, StateMachine } from './consensus.ts';
export type { Peer } from './dispatcher/index.ts';
export { Manager, type ManagerOptions, startManager } from './manager.ts';
export { type ManagerLog, type NextTurn, nextTurn } from './turns.ts';
