/**
 * The manager's side of agent sessions: who is there, what each should run, what each reports.
 * - The newest session of a node wins. A node without a word for three heartbeat periods is down.
 * - Assignments come complete once, then as increments chained by fences; a status alone sends nothing back.
 * - Reports are acknowledged only when they are committed.
 */
export { Dispatcher, type DispatcherOptions, type Peer } from './dispatcher.ts';
