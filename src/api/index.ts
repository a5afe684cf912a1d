/**
 * The Docker Engine API over HTTP as Swarm mode answers it: one file per resource under resources/, HTTP itself under http/.
 * - Knows store views, `update`, the model and its ports; never raft, wal, rpc.
 * - Announces 1.24 to 1.51 whatever the engine below; container and image calls go to the `EnginePassage`.
 * - Every body, queue and wait is bounded; lists stream in slices; errors are `{"message"}` by one table of kinds.
 * - What exists in Docker but is not built is refused 501 by name, never ignored.
 */
export { type Api, createApi } from './api.ts';
export type { ApiListener } from './http/listeners.ts';
export { MAX_API_MINOR, MAX_API_VERSION, MIN_API_MINOR, MIN_API_VERSION } from './http/path.ts';
export { frame, streamContentType } from './http/raw-stream.ts';
export type {
  ApiEvent,
  ApiLog,
  ApiPorts,
  EngineInfo,
  EngineInfoPort,
  EnginePassage,
  HostPort,
  LogsPort,
  ManagerPort,
  PassageRequest,
  ResolvedInit,
  ResolvedJoin,
  ServerVersion,
  SwarmControl,
  SwarmMembership,
} from './ports.ts';
