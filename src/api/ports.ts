import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Cancel, Clock, Random } from '../base/index.ts';
import type { ContainerLogOptions, ContainerLogRecord } from '../engine/index.ts';
import type { NodeId, NodeRole, SwarmInitRequest, SwarmJoinRequest, Task } from '../model/index.ts';
import type { Commit, Outcome, Transaction, View } from '../store/index.ts';

/** The cluster's state as a manager holds it, and the one way to change it. Present only while this node is a working manager. */
export interface ManagerPort {
  /** The local store; valid until the next `await`. */
  view(): View;
  /** Resolves when everything that was committed before this call is in `view()`: reads after it are linearizable. */
  readBarrier(signal: AbortSignal): Promise<void>;
  /**
   * Calls `build` with the current view, proposes what it returns and resolves when that is applied or refused by a precondition.
   * What `build` throws comes out unchanged. Rejects with `Unavailable` when there is no leader or the outcome is unknown.
   */
  update(build: (view: View) => Transaction, signal: AbortSignal): Promise<Outcome>;
  /** Every commit from now on, in log order, within the turn that applied it. The listener must not throw and must not block. */
  watch(listener: (commit: Commit) => void): Cancel;
  /** The node that leads, as this one knows it. */
  leader(): NodeId | undefined;
}

/** Where this node stands towards a swarm. */
export type SwarmMembership =
  | { readonly kind: 'inactive' }
  /** Joining, or a manager that is starting or cut off from its cluster. */
  | { readonly kind: 'pending'; readonly nodeId?: NodeId; readonly nodeAddr?: string; readonly isManager?: boolean }
  | { readonly kind: 'error'; readonly error: string; readonly certificatesExpired?: boolean }
  | { readonly kind: 'locked' }
  | {
      readonly kind: 'active';
      readonly role: NodeRole;
      readonly nodeId: NodeId;
      /** Address without port that this node advertises. */
      readonly nodeAddr: string;
      readonly remoteManagers: ReadonlyArray<{ readonly NodeID: NodeId; readonly Addr: string }>;
    };

/** A host and port that were checked: an IP address, an interface's address, or a host name where Swarm takes one. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** `SwarmInitRequest` with its addresses resolved on this machine and its checks passed. */
export interface ResolvedInit {
  readonly request: SwarmInitRequest;
  readonly listen: HostPort;
  readonly advertise: HostPort;
  /** Address without port for traffic between containers; absent = the advertised one. */
  readonly dataPathHost?: string;
}

/** `SwarmJoinRequest` with its addresses resolved on this machine. `advertise` is absent when the managers are to find out. */
export interface ResolvedJoin {
  readonly request: SwarmJoinRequest;
  readonly listen: HostPort;
  readonly advertise?: HostPort;
  readonly dataPathHost?: string;
}

/** Becoming a member of a swarm and ceasing to be one. Implemented by the daemon. */
export interface SwarmControl {
  membership(): SwarmMembership;
  /** The cluster's state; present only while this node is a working manager. */
  manager(): ManagerPort | undefined;
  /** Makes a swarm with this node as its only manager; resolves with the node's id once the manager serves. */
  init(init: ResolvedInit, signal: AbortSignal): Promise<NodeId>;
  join(join: ResolvedJoin, signal: AbortSignal): Promise<void>;
  /** Stops this node's tasks, removes their containers and erases the swarm's state here. */
  leave(signal: AbortSignal): Promise<void>;
  /** A fresh join token for the cluster's present root certificate; the API writes it into the cluster object. */
  newJoinToken(role: NodeRole): string;
  /** Addresses of this machine's interfaces, for requests that name an interface or none. */
  interfaces(): ReadonlyArray<{ readonly name: string; readonly address: string; readonly isLoopback: boolean }>;
  /** Calls back with every commit while this node is a manager, across leaving and joining. */
  watchCommits(listener: (commit: Commit) => void): Cancel;
}

/** Output of tasks, wherever in the cluster they run. */
export interface LogsPort {
  /**
   * The records of one task, oldest first. With `follow` it waits for the container to come and ends when it is gone; without, it
   * ends after what is there. Pull-based: nothing is read ahead of what the consumer takes. Rejects with a text for people when the
   * task's node can't be reached.
   */
  taskLogs(task: Task, options: ContainerLogOptions, signal: AbortSignal): AsyncIterable<ContainerLogRecord>;
}

/** What this machine and its container engine say of themselves. */
export interface EngineInfoPort {
  /** Fields of the Engine API's `GET /info` but for `Swarm`; `Name` (the host name) is always among them. */
  info(signal: AbortSignal): Promise<EngineInfo>;
  /** For `GET /version`. */
  version(): ServerVersion;
  /** Events of the engine (containers, images, …) in the Engine API's shape; absent when there are none to tell. */
  watchEvents?(listener: (event: ApiEvent) => void): Cancel;
}

export type EngineInfo = Readonly<Record<string, unknown>> & {
  readonly Name: string;
  readonly Warnings?: readonly string[];
};

export interface ServerVersion {
  /** Our version. */
  readonly version: string;
  readonly gitCommit: string;
  /** RFC 3339. */
  readonly buildTime: string;
  readonly kernelVersion: string;
  /** Go's name of the architecture, e.g. `amd64`. */
  readonly arch: string;
  readonly runtime: string;
  /** Parts under us that have versions: the container engine, runc, … */
  readonly components: ReadonlyArray<{
    readonly Name: string;
    readonly Version: string;
    readonly Details?: Readonly<Record<string, string>>;
  }>;
}

/** One message of `GET /events`. */
export interface ApiEvent {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly scope: 'swarm' | 'local';
  readonly time: number;
  readonly timeNano: number | bigint;
  readonly status?: string;
  readonly id?: string;
  readonly from?: string;
}

/** A request that the passage may answer, with the version prefix taken off and the version checked. */
export interface PassageRequest {
  readonly request: IncomingMessage;
  readonly method: string;
  /** Decoded path without version prefix, e.g. `/containers/json`. */
  readonly path: string;
  /** Path and query as sent, without version prefix. */
  readonly rawPath: string;
  readonly query: URLSearchParams;
  /** Minor of the API version that the client speaks: 24 … 51. */
  readonly apiMinor: number;
  /** Aborted when the client goes away or the server stops. */
  readonly signal: AbortSignal;
}

/**
 * The container and image endpoints: handed over to a Docker Engine, or served on the embedded one. Asked for every request that no
 * route of the API's own takes. Answers through `response` (headers that every answer carries are set already) and closes it.
 */
export interface EnginePassage {
  /** Whether `serve` takes this request; a request that nobody takes is answered 404 `page not found`. */
  takes(method: string, path: string): boolean;
  serve(request: PassageRequest, response: ServerResponse): Promise<void>;
  /** Whether a request of this kind with an `Upgrade` header becomes a raw stream (attach, exec start, session). */
  upgrades(method: string, path: string): boolean;
  /** Takes over the connection: writes the status line itself. `body` is the request's body, `head` what was read beyond it. */
  serveUpgrade(request: PassageRequest, body: Buffer, socket: Duplex, head: Buffer): Promise<void>;
}

/** What the API notes for operators; the daemon gives its logger. */
export interface ApiLog {
  warn(facts: Readonly<Record<string, unknown>>, event: string): void;
  error(facts: Readonly<Record<string, unknown>>, event: string): void;
}

/** Everything that the API stands on. */
export interface ApiPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: ApiLog;
  readonly swarm: SwarmControl;
  readonly logs: LogsPort;
  readonly engineInfo: EngineInfoPort;
  readonly passage?: EnginePassage;
}
