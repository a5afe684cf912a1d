import type { ErrorFacts, ErrorKind, RpcCode } from './kinds.ts';
import { type ErrorCode, entryOf } from './registry.ts';

/** An error with a registered code: the caller did something that can't be (a refusal). Trying the same again won't help. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly rpc: RpcCode | undefined;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, facts: ErrorFacts & { readonly cause?: unknown } = {}) {
    const entry = entryOf(code);
    const prefix = entry.rpc === undefined ? '' : `rpc error: code = ${entry.rpc} desc = `;
    super(prefix + entry.text(facts), 'cause' in facts ? { cause: facts.cause } : undefined);
    this.name = 'Refusal';
    this.code = code;
    this.kind = entry.kind;
    this.rpc = entry.rpc;
    this.facts = facts;
  }
}

/** An outage: the same request may succeed later. Same registry, same texts. */
export class Unavailable extends Refusal {
  constructor(code: ErrorCode, facts: ErrorFacts & { readonly cause?: unknown } = {}) {
    super(code, facts);
    this.name = 'Unavailable';
  }
}

/** A broken assumption of our own. In raft, wal and apply it stops the daemon; in a control loop it quarantines the object. */
export class AssertionFailed extends Error {
  readonly facts: ErrorFacts;

  constructor(message: string, facts: ErrorFacts) {
    super(`${message} ${JSON.stringify(facts, (_key, value) => (typeof value === 'bigint' ? String(value) : value))}`);
    this.name = 'AssertionFailed';
    this.facts = facts;
  }
}

/** Throws `AssertionFailed` unless `condition` holds. */
export function assert(condition: unknown, message: string, facts: ErrorFacts = {}): asserts condition {
  if (!condition) throw new AssertionFailed(message, facts);
}

/** Ends a switch over a union; reached only when a case is missing. */
export function unreachable(value: never): never {
  throw new AssertionFailed('unreachable case', { value });
}

/** The message of anything thrown, for texts that people read. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
