import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createLocalPassage } from '../../api/engine/index.ts';
import type { ApiEvent } from '../../api/index.ts';
import { type ImageEvent, openImages, proxyFromEnvironment } from '../../engine/embedded/images/index.ts';
import { createEmbeddedEngine, type EmbeddedEngine } from '../../engine/embedded/index.ts';
import { embeddedInfo } from './embedded-info.ts';
import { localImages } from './local-images.ts';
import type { EngineContext, NodeEngine } from './node-engine.ts';
import { taskNamespaces } from './task-namespaces.ts';

/** Opens the embedded engine over the daemon's directories: what earlier daemons left is adopted before this resolves. */
export async function openEmbedded(context: EngineContext): Promise<NodeEngine> {
  const { configuration, clock, random, log, version } = context;
  const { stateDirectory, runDirectory, insecureRegistries, registryMirrors } = configuration;
  const watchers = new Set<(event: ApiEvent) => void>();
  // The engine needs its images to open, and they need to know what runs: the first question comes after both are there.
  const opened: { engine?: EmbeddedEngine } = {};
  const images = await openImages({
    directory: join(stateDirectory, 'images'),
    registries: {
      insecureRegistries,
      mirrors: registryMirrors,
      certificatesDirectory: '/etc/ruche/certs.d',
      proxy: proxyFromEnvironment(process.env),
    },
    clock,
    log,
    isRunning: (container) => opened.engine?.isContainerRunning(container) ?? true,
    onEvent: (event) => {
      for (const watcher of watchers) watcher(imageMessage(event, clock.now()));
    },
  });
  const engine = await createEmbeddedEngine({
    stateDirectory: join(stateDirectory, 'engine'),
    runDirectory: join(runDirectory, 'engine'),
    images,
    clock,
    random,
    log,
    version,
    labels: configuration.labels,
    cgroupParent: cgroupOf(stateDirectory),
  });
  opened.engine = engine;
  await images.collectGarbage();
  return {
    engine,
    passage: createLocalPassage(engine, localImages(images)),
    info: {
      info: () => embeddedInfo({ engine, images, configuration, version, now: clock.now() }),
      watchEvents: (listener) => {
        watchers.add(listener);
        const cancel = engine.subscribe(listener);
        return () => {
          watchers.delete(listener);
          cancel();
        };
      },
    },
    components: engine.components,
    network: taskNamespaces(engine),
    close: async () => {
      await engine.close();
      await images.close();
    },
  };
}

/** Daemons with different state directories on one machine keep their containers apart. */
function cgroupOf(stateDirectory: string): string {
  if (stateDirectory === '/var/lib/ruche') return 'ruche';
  return `ruche-${createHash('sha256').update(stateDirectory).digest('hex').slice(0, 12)}`;
}

function imageMessage({ action, actor, name }: ImageEvent, now: number): ApiEvent {
  return {
    Type: 'image',
    Action: action,
    Actor: { ID: actor, Attributes: { name } },
    scope: 'local',
    time: Math.floor(now / 1000),
    timeNano: BigInt(now) * 1_000_000n,
    status: action,
    id: actor,
  };
}
