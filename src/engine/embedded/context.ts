import type { Clock, Random } from '../../base/index.ts';
import type { Journal } from './containers/journal.ts';
import type { ContainerTable } from './containers/table.ts';
import type { EventHub } from './events/event-hub.ts';
import type { HostFacts } from './host/facts.ts';
import type { Launcher } from './host/launcher.ts';
import type { Gate } from './host/turn-queue.ts';
import type { ImageSource } from './image-source.ts';
import type { Cgroups } from './runtime/cgroups.ts';
import type { ExitDirectory } from './runtime/exit-directory.ts';
import type { Runc } from './runtime/runc.ts';
import type { Accounts } from './spec/user.ts';
import type { VolumeStore } from './volumes/volume-store.ts';

/** What the engine notes for operators; the daemon gives its logger. */
export interface EngineLog {
  info(facts: Readonly<Record<string, unknown>>, event: string): void;
  warn(facts: Readonly<Record<string, unknown>>, event: string): void;
  error(facts: Readonly<Record<string, unknown>>, event: string): void;
}

/** The parts of a running engine that its operations share. */
export interface EngineContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: EngineLog;
  readonly host: HostFacts;
  readonly runDirectory: string;
  readonly journal: Journal;
  readonly containers: ContainerTable;
  readonly volumes: VolumeStore;
  readonly images: ImageSource;
  readonly runc: Runc;
  readonly launcher: Launcher;
  readonly cgroups: Cgroups;
  readonly exits: ExitDirectory;
  readonly events: EventHub;
  readonly starts: Gate;
  /** Users and groups of images, by image id: images never change. */
  readonly accounts: Map<string, Accounts>;
}
