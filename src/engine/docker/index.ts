/**
 * The Engine port over a Docker Engine's API: any engine from API 1.40 up, on a unix socket or TCP.
 * - The version is negotiated: the newest that both know. A field that it lacks is refused by name, never dropped.
 * - The engine's own texts reach people unchanged. An engine that is in swarm mode itself is refused.
 * - `connection.ts` makes every request; what the API hands over to the engine goes through it too, on a connection of its own.
 */
export { addressText, type EngineAddress, type EngineTls, parseEngineAddress } from './address.ts';
export { type ApiVersions, MIN_ENGINE_MINOR, OWN_API_MINOR, versionText } from './api-version.ts';
export {
  type EngineCall,
  EngineConnection,
  type EngineStream,
  MAX_DOCUMENT_BYTES,
  MAX_REQUESTS_IN_FLIGHT,
  pathPart,
  type RawRequest,
  readWhole,
} from './connection.ts';
export { type Deadlines, defaultDeadlines } from './deadlines.ts';
export { DockerEngine } from './engine.ts';
export { parseExact } from './exact-json.ts';
export {
  containerCreateFields,
  type FieldRule,
  isZero,
  memberKey,
  memberOf,
  refuseNewerFields,
} from './field-versions.ts';
export { jsonLines } from './json-lines.ts';
export type { UpgradeReply, UpgradeRequest } from './upgrade.ts';
