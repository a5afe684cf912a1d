import { allocateLoop } from './allocate/index.ts';
import { enforceLoop } from './enforce/index.ts';
import { globalLoop } from './global/index.ts';
import type { Loop } from './loop.ts';
import { pipeline } from './pipeline.ts';
import { reapLoop } from './reap/index.ts';
import { replicateLoop } from './replicate/index.ts';
import { restartLoop } from './restart/index.ts';
import { scheduleLoop } from './schedule/index.ts';
import { updateLoop } from './update/index.ts';

/**
 * The loops that a leader runs, in the order to run them. Those for services are one pipeline: what ended is followed up first, then
 * services are brought to their number, then rolled out; what came of it is allocated and placed, all in one log entry.
 */
export function createLoops(): readonly Loop[] {
  return [
    pipeline('services', [
      enforceLoop(),
      restartLoop(),
      replicateLoop(),
      globalLoop(),
      updateLoop(),
      allocateLoop(),
      scheduleLoop(),
      reapLoop(),
    ]),
  ];
}
