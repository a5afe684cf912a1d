import type { ContainerId } from '../../model/index.ts';
import type { PullOptions } from '../port/engine.ts';

/** What an OCI image configuration says of how to run it; absent and empty mean the same. */
export interface ImageRunConfig {
  readonly Env?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Volumes?: Readonly<Record<string, unknown>>;
  readonly StopSignal?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  /** Durations in nanoseconds. */
  readonly Healthcheck?: {
    readonly Test?: readonly string[];
    readonly Interval?: number;
    readonly Timeout?: number;
    readonly StartPeriod?: number;
    readonly StartInterval?: number;
    readonly Retries?: number;
  };
  readonly ExposedPorts?: Readonly<Record<string, unknown>>;
}

/** An image that containers can be made of. */
export interface ResolvedImage {
  /** `sha256:…` of the configuration. */
  readonly id: string;
  readonly repoDigests: readonly string[];
  readonly config: ImageRunConfig;
  /** Absolute paths of the unpacked layers, the topmost first, as overlayfs takes them (whiteouts as 0:0 devices). Never changed. */
  readonly layers: readonly string[];
}

/** Where the embedded engine gets images from; implemented by `images/`. */
export interface ImageSource {
  /** By name, digest or id (also a unique prefix of one); `undefined` when it is not here. */
  resolve(reference: string): Promise<ResolvedImage | undefined>;
  /** Rejects as `Engine.pullImage` does. */
  pull(reference: string, options: PullOptions): Promise<ResolvedImage>;
  /**
   * From now on the image's layers stay until `release`, whatever else happens to the image. `false` when it is gone already.
   * Holds live in memory: the engine takes them again for every container when it starts, before any image is removed.
   */
  hold(imageId: string, containerId: ContainerId): boolean;
  /** Ends the hold of this container; no effect when there is none. */
  release(containerId: ContainerId): void;
}
