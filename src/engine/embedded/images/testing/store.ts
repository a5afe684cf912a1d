import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Cancel, type Clock, ManualClock } from '../../../../base/index.ts';
import { type Images, type ImagesOptions, openImages } from '../images.ts';
import type { RegistrySettings } from '../registry/settings.ts';
import { archiveOf, type Member } from './archive.ts';

/** A clock on which every wait is over at once, and is remembered. */
export class HastyClock implements Clock {
  readonly waits: number[] = [];
  readonly #inner = new ManualClock(Date.UTC(2026, 0, 1));

  now(): number {
    return this.#inner.now();
  }

  after(delayMs: number, wake: () => void): Cancel {
    this.waits.push(delayMs);
    const timer = setImmediate(() => {
      this.#inner.advance(delayMs);
      wake();
    });
    return () => clearImmediate(timer);
  }
}

export const NO_REGISTRIES: RegistrySettings = {
  insecureRegistries: [],
  mirrors: [],
  certificatesDirectory: '/nonexistent',
  proxy: {},
};

/** A store in a directory of its own. */
export interface TestStore {
  readonly directory: string;
  readonly clock: HastyClock;
  readonly warnings: object[];
  /** Opens it (again). */
  open(options?: Partial<ImagesOptions>): Promise<Images>;
  remove(): Promise<void>;
}

export async function testStore(): Promise<TestStore> {
  const directory = await mkdtemp(join(tmpdir(), 'ruche-images-'));
  const clock = new HastyClock();
  const warnings: object[] = [];
  const log = { info: () => undefined, warn: (fields: object) => void warnings.push(fields) };
  return {
    directory,
    clock,
    warnings,
    open: (options = {}) =>
      openImages({ directory, registries: NO_REGISTRIES, clock, log, isRunning: () => false, ...options }),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** A layer as registries have it, gzipped. */
export function layerOf(members: readonly Member[]): { readonly plain: Buffer; readonly blob: Buffer } {
  const plain = archiveOf(members);
  return { plain, blob: gzipSync(plain) };
}

/** A layer that compression makes no smaller. */
export function largeLayer(sizeBytes: number): { readonly plain: Buffer; readonly blob: Buffer } {
  return layerOf([{ name: 'data', body: randomBytes(sizeBytes) }]);
}

export async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

export const never: AbortSignal = new AbortController().signal;
