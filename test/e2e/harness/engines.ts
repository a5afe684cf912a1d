import { Daemon, type DaemonOptions, importBusybox } from './daemon.ts';
import { type Dockerd, startDockerd } from './dockerd.ts';

/** A daemon on one of the engines, with busybox on it, and what ends both. */
export interface Bed {
  readonly daemon: Daemon;
  readonly dockerd: Dockerd | undefined;
  dispose(): Promise<void>;
}

export type EngineKind = 'embedded' | 'docker';
export const engineKinds: readonly EngineKind[] = ['embedded', 'docker'];

/** Starts a daemon on `engine`; for `docker` with a dockerd of its own. What was started is ended also when the rest fails. */
export async function makeBed(engine: EngineKind, options: Partial<DaemonOptions> = {}): Promise<Bed> {
  const dockerd = engine === 'docker' ? await startDockerd() : undefined;
  try {
    const docker = dockerd === undefined ? {} : { dockerSocket: dockerd.socket };
    const daemon = await Daemon.start({ engine, ...docker, ...options });
    try {
      await importBusybox(daemon, 'alpine:latest');
    } catch (error) {
      await daemon.dispose();
      throw error;
    }
    return {
      daemon,
      dockerd,
      dispose: async () => {
        await daemon.dispose();
        await dockerd?.stop();
      },
    };
  } catch (error) {
    await dockerd?.stop();
    throw error;
  }
}

/** A command that runs until it is told to end, says so, and gives `status`. */
export const untilStopped = (status = 0): string[] => [
  'sh',
  '-c',
  `trap "echo stopping; exit ${status}" TERM; echo started; sleep 86400 & wait`,
];
