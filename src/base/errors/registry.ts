import { agentErrors } from './codes-agent.ts';
import { apiErrors } from './codes-api.ts';
import { baseErrors } from './codes-base.ts';
import { caErrors } from './codes-ca.ts';
import { controlErrors } from './codes-control.ts';
import { daemonErrors } from './codes-daemon.ts';
import { engineErrors } from './codes-engine.ts';
import { imagesErrors } from './codes-images.ts';
import { localEngineErrors } from './codes-local-engine.ts';
import { managerErrors } from './codes-manager.ts';
import { modelErrors } from './codes-model.ts';
import { networkErrors } from './codes-network.ts';
import { rpcErrors } from './codes-rpc.ts';
import { storeErrors } from './codes-store.ts';
import { walErrors } from './codes-wal.ts';
import type { ErrorEntry } from './kinds.ts';

/** Every error that Ruche raises on purpose, by its stable kebab-case code. */
export const errorRegistry = {
  ...baseErrors,
  ...modelErrors,
  ...storeErrors,
  ...walErrors,
  ...caErrors,
  ...rpcErrors,
  ...controlErrors,
  ...managerErrors,
  ...agentErrors,
  ...engineErrors,
  ...imagesErrors,
  ...networkErrors,
  ...apiErrors,
  ...localEngineErrors,
  ...daemonErrors,
} as const;

export type ErrorCode = keyof typeof errorRegistry;

/** The registry's entry of a code. */
export function entryOf(code: ErrorCode): ErrorEntry {
  return errorRegistry[code];
}
