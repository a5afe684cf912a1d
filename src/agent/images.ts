import { type Clock, type Instant, messageOf, Refusal, Unavailable } from '../base/index.ts';
import type { Engine, EngineImage } from '../engine/index.ts';
import type { PullCredentials } from '../model/index.ts';
import { withDeadline } from './deadline.ts';
import type { AgentLog } from './ports.ts';
import type { WorkQueue } from './work-queue.ts';

/** A registry that sends nothing for so long is given up, ms. */
export const PULL_STALL_MS = 120_000;
/** The longest pull, ms: 10 GB at 3 MB/s. */
const PULL_TIMEOUT_MS = 3_600_000;
/** How long a task whose image is here, and came from a registry, waits for a first sign of that registry, ms. */
export const REGISTRY_PATIENCE_MS = 2000;
/** The same for an image that never was in a registry as far as the engine knows: it was built, loaded or imported here. */
export const MADE_HERE_PATIENCE_MS = 250;
/** After a failed pull of an image that is here, tasks use it without asking again for so long, ms. */
export const FAILED_PULL_MEMORY_MS = 60_000;
const FIND_TIMEOUT_MS = 30_000;
/** Failed pulls remembered; beyond it the oldest is forgotten. */
const MAX_REMEMBERED = 1000;

interface SharedPull {
  readonly done: Promise<EngineImage>;
  /** Resolves when the registry has answered for the first time. */
  readonly firstSign: Promise<void>;
}

export interface ImageShelfOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly queue: WorkQueue;
  readonly log: AgentLog;
  /** Never ask a registry for an image that is here; Swarm: DOCKER_SERVICE_PREFER_OFFLINE_IMAGE. */
  readonly prefersLocalImages: boolean;
}

/**
 * Brings images here (reference 8.4). A tag is asked for each time, since it may have moved; a digest or an id that is here is
 * not. A failed pull does not matter when the image is here. Better than Swarm: an unreachable registry holds a task with a local
 * image up for no more than the patience above, and once; tasks that need the same image share one pull.
 */
export class ImageShelf {
  readonly #options: ImageShelfOptions;
  readonly #pulls = new Map<string, SharedPull>();
  readonly #failedAt = new Map<string, Instant>();

  constructor(options: ImageShelfOptions) {
    this.#options = options;
  }

  /** Resolves when the image is here. `Refusal('no-such-image')` when it can't be had, `Unavailable` when the engine is away. */
  async ensure(reference: string, credentials: PullCredentials | undefined, signal: AbortSignal): Promise<void> {
    const local = await this.#find(reference, signal);
    if (local !== undefined && this.#isGoodEnough(reference)) return;
    if (isImageId(reference)) throw new Refusal('no-such-image', { image: reference });
    try {
      await this.#pull(reference, credentials, local, signal);
      this.#failedAt.delete(reference);
    } catch (cause) {
      if (signal.aborted) throw cause;
      // Thousands of tasks may have waited for the same pull: it is told once.
      const isTold = this.#failedLately(reference);
      this.#rememberFailure(reference);
      // A pull that another one overtook may have left the image here.
      const here = local ?? (await this.#find(reference, signal));
      const facts = { image: reference, isHere: here !== undefined, reason: messageOf(cause) };
      if (!isTold) this.#options.log.warn(facts, 'pull failed');
      if (here === undefined) throw new Refusal('no-such-image', { image: reference, reason: messageOf(cause), cause });
    }
  }

  #isGoodEnough(reference: string): boolean {
    const { prefersLocalImages } = this.#options;
    return prefersLocalImages || isImageId(reference) || reference.includes('@') || this.#failedLately(reference);
  }

  #failedLately(reference: string): boolean {
    const failedAt = this.#failedAt.get(reference);
    return failedAt !== undefined && this.#options.clock.now() - failedAt < FAILED_PULL_MEMORY_MS;
  }

  #find(reference: string, signal: AbortSignal): Promise<EngineImage | undefined> {
    const { clock, engine } = this.#options;
    const limit = { what: `looking for image ${reference}`, timeoutMs: FIND_TIMEOUT_MS, signal };
    return withDeadline(clock, limit, (inner) => engine.findImage(reference, inner));
  }

  async #pull(
    reference: string,
    credentials: PullCredentials | undefined,
    local: EngineImage | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock } = this.#options;
    const pull = this.#sharedPull(reference, credentials);
    const what = `pulling ${reference}`;
    if (local !== undefined) {
      const timeoutMs = local.repoDigests.length > 0 ? REGISTRY_PATIENCE_MS : MADE_HERE_PATIENCE_MS;
      await withDeadline(clock, { what, timeoutMs, signal }, () => Promise.race([pull.firstSign, pull.done]));
    }
    // Giving up waits no longer; the pull itself goes on for whoever comes next, as in Swarm.
    await withDeadline(clock, { what, timeoutMs: PULL_TIMEOUT_MS, signal }, () => pull.done);
  }

  #sharedPull(reference: string, credentials: PullCredentials | undefined): SharedPull {
    const key = `${reference}\n${credentials?.RegistryAuth ?? ''}`;
    const known = this.#pulls.get(key);
    if (known !== undefined) return known;
    const sign = Promise.withResolvers<void>();
    const done = this.#stallingPull(reference, credentials, sign.resolve);
    const pull = { done, firstSign: sign.promise };
    this.#pulls.set(key, pull);
    const forget = () => {
      this.#pulls.delete(key);
    };
    done.then(forget, forget);
    return pull;
  }

  /** One pull, ended when the registry sends nothing for `PULL_STALL_MS`. */
  #stallingPull(
    reference: string,
    credentials: PullCredentials | undefined,
    onFirstSign: () => void,
  ): Promise<EngineImage> {
    const { clock, engine, queue } = this.#options;
    const stop = new AbortController();
    return queue.run('pull', stop.signal, async () => {
      const stalled = () => stop.abort(new Unavailable('pull-stalled', { image: reference, timeoutMs: PULL_STALL_MS }));
      let cancel = clock.after(PULL_STALL_MS, stalled);
      const onProgress = () => {
        onFirstSign();
        cancel();
        cancel = clock.after(PULL_STALL_MS, stalled);
      };
      const limit = { what: `pulling ${reference}`, timeoutMs: PULL_TIMEOUT_MS, signal: stop.signal };
      const options = { ...(credentials === undefined ? {} : { credentials }), onProgress };
      try {
        return await withDeadline(clock, limit, (signal) => engine.pullImage(reference, { ...options, signal }));
      } finally {
        cancel();
      }
    });
  }

  #rememberFailure(reference: string): void {
    this.#failedAt.delete(reference);
    this.#failedAt.set(reference, this.#options.clock.now());
    const oldest = this.#failedAt.keys().next().value;
    if (this.#failedAt.size > MAX_REMEMBERED && oldest !== undefined) this.#failedAt.delete(oldest);
  }
}

function isImageId(reference: string): boolean {
  return /^(sha256:)?[0-9a-f]{64}$/.test(reference);
}
