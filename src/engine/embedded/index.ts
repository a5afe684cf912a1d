/**
 * The embedded engine: OCI images as containers by runc, without Docker.
 * - Each container has a monitor (conmon) that owns its output and writes its exit code durably: containers outlive the daemon.
 * - A journal record per container, replaced atomically before its state is told to anybody; recovery is total (`recovery.ts`).
 * - Roots are mounted in the monitor's own mount namespace: nothing of a container shows on, or leaks into, the host.
 * - Security defaults are Docker's; what is not built is refused by name, never ignored.
 * - Knows nothing of services, stores or other engines; images come through `ImageSource`.
 */
export type { EngineLog } from './context.ts';
export { createEmbeddedEngine, type EmbeddedEngine, type EmbeddedEngineOptions } from './engine.ts';
export type { ImageRunConfig, ImageSource, ResolvedImage } from './image-source.ts';
