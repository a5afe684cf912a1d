/**
 * Errors: one registry of stable codes, three kinds of throw.
 * - `Refusal`: the caller's fault. `Unavailable`: an outage, retry may help. `assert`: a bug of ours.
 * - Each room owns one file `codes-<room>.ts`; the text in it is what a person reads, and says what to do.
 * - Swarm's texts keep Swarm's wording (clients match them), with the gRPC prefix where Swarm has it.
 */
export type { ErrorEntry, ErrorFacts, ErrorKind, ErrorTable, RpcCode } from './kinds.ts';
export { AssertionFailed, assert, messageOf, Refusal, Unavailable, unreachable } from './refusal.ts';
export { type ErrorCode, errorRegistry } from './registry.ts';
