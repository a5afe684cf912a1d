import type { TaskNetwork } from '../../agent/index.ts';
import type { EngineInfoPort, EnginePassage } from '../../api/index.ts';
import type { Clock, Random } from '../../base/index.ts';
import type { Engine } from '../../engine/index.ts';
import type { Configuration } from '../configuration.ts';
import type { Log } from '../log.ts';

/** A container engine with all that the daemon's other parts need of it. */
export interface NodeEngine {
  readonly engine: Engine;
  /** Its container and image endpoints. */
  readonly passage: EnginePassage;
  /** What `docker info` and `docker version` say of it. */
  readonly info: Pick<EngineInfoPort, 'info' | 'watchEvents'>;
  readonly components: ReadonlyArray<{ readonly Name: string; readonly Version: string }>;
  readonly network: TaskNetwork;
  close(): Promise<void>;
}

export interface EngineContext {
  readonly configuration: Configuration;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly version: string;
}
