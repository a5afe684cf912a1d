/**
 * The container and image endpoints of the Engine API on the daemon's own engine, behind the port `LocalEngine`.
 * Knows HTTP and Docker's framing; knows nothing of how containers are run.
 */
export type {
  Document,
  ExecCreate,
  LocalContainers,
  LocalEngine,
  LocalImages,
  ProcessStream,
  ProgressLine,
  TerminalSize,
} from './local-engine.ts';
export { createLocalPassage } from './passage.ts';
