import type { Static } from 'typebox';
import type { Instant } from '../../base/index.ts';
import type { NodeId } from '../ids.ts';
import { always, type Integer, int64, list, map, string, struct, word } from '../json/schema.ts';
import type { InternalMeta, Meta } from '../meta.ts';
import { genericResourceSchema } from '../service/container-spec.ts';

export const nodeSpecSchema = struct('NodeSpec', {
  Name: string(),
  Labels: always(map(string())),
  Role: word('swarm.NodeRole', 'worker', 'manager'),
  Availability: word('swarm.NodeAvailability', 'active', 'pause', 'drain'),
});
export type NodeSpec = Static<typeof nodeSpecSchema>;
export type NodeRole = 'worker' | 'manager';

/** What a machine says of itself when its agent opens a session. */
export const nodeDescriptionSchema = struct('NodeDescription', {
  Hostname: string(),
  Platform: always(struct('Platform', { Architecture: string(), OS: string() })),
  Resources: always(
    struct('Resources', {
      NanoCPUs: int64(),
      MemoryBytes: int64(),
      GenericResources: list(genericResourceSchema),
    }),
  ),
  Engine: always(
    struct('EngineDescription', {
      EngineVersion: string(),
      Labels: map(string()),
      Plugins: list(struct('PluginDescription', { Type: string(), Name: string() })),
    }),
  ),
  TLSInfo: always(
    struct('TLSInfo', { TrustRoot: string(), CertIssuerSubject: string(), CertIssuerPublicKey: string() }),
  ),
});
export type NodeDescription = Static<typeof nodeDescriptionSchema>;

export type NodeState = 'unknown' | 'down' | 'ready' | 'disconnected';

export interface NodeStatus {
  readonly State: NodeState;
  readonly Message?: string;
  /** The address that the manager sees the agent at, without port. */
  readonly Addr?: string;
}

export interface NodeInternal extends InternalMeta {
  /** What the node's certificate says now; `Spec.Role` is the wish. */
  readonly Role: NodeRole;
  /** Swarm stores `pending` after any update through its API; kept, see the behaviour reference 1.5. */
  readonly Membership: 'accepted' | 'pending';
  /** The session that may report for this node. */
  readonly SessionID?: string;
  /** Store time by which the next heartbeat must be there. */
  readonly HeartbeatBy?: Instant;
}

export interface Node extends Meta {
  readonly ID: NodeId;
  readonly Spec: NodeSpec;
  readonly Description?: NodeDescription;
  readonly Status: NodeStatus;
  /** Set while the node is a member of the managers' log; joined with leadership when shown. */
  readonly ManagerStatus?: {
    readonly Leader?: boolean;
    readonly Reachability: 'unknown' | 'unreachable' | 'reachable';
    readonly Addr: string;
  };
  readonly Internal: NodeInternal;
}

export type { Integer };
