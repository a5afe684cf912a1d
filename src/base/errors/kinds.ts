/** What went wrong, from the caller's side. The API maps each kind to a status in one place; see api/errors. */
export type ErrorKind =
  | 'invalid'
  | 'unauthorized'
  | 'forbidden'
  | 'notFound'
  | 'conflict'
  | 'unavailable'
  | 'notImplemented'
  /** Swarm answers 500 here and clients match the text; a better status would break them. */
  | 'internal';

/** The gRPC code that Swarm's texts carry as `rpc error: code = … desc = …`; scripts match that prefix. */
export type RpcCode =
  | 'InvalidArgument'
  | 'NotFound'
  | 'AlreadyExists'
  | 'FailedPrecondition'
  | 'PermissionDenied'
  | 'Unimplemented'
  | 'Unavailable'
  | 'Unknown';

/** Facts that fill a text; the values are shown to people. */
export type ErrorFacts = Readonly<Record<string, unknown>>;

/** One entry of the registry: a stable code, what kind of error it is, and the text a person reads. */
export interface ErrorEntry {
  readonly kind: ErrorKind;
  /** Present where Swarm's message carries the gRPC prefix. */
  readonly rpc?: RpcCode;
  /** The text without prefix. Says what to do where that is not plain. */
  readonly text: (facts: ErrorFacts) => string;
}

/** A part of the registry: each room that raises errors owns one file of them. */
export type ErrorTable = Readonly<Record<string, ErrorEntry>>;
