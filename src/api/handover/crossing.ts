import type { ApiVersions } from '../../engine/docker/index.ts';
import type { HandedRoute } from './routes.ts';

/** A request on its way from a client of one API version to an engine of another. */
export interface Crossing {
  readonly route: HandedRoute;
  /** Minor of the version that the client speaks. */
  readonly client: number;
  /** Minor of the version in which the engine is asked. */
  readonly engine: number;
}

/**
 * The engine is asked in the client's own version where it speaks that, since nobody translates better than the engine itself; else
 * in the nearest that it speaks, and the difference is ours to bridge.
 */
export function engineMinorFor(client: number, versions: ApiVersions): number {
  return Math.max(versions.oldest, Math.min(client, versions.newest));
}

export const isNewerClient = ({ client, engine }: Crossing): boolean => client > engine;
export const isOlderClient = ({ client, engine }: Crossing): boolean => client < engine;

/** Whether a change of this version lies between a newer client and an older engine. */
export const clientAloneHas = ({ client, engine }: Crossing, minor: number): boolean =>
  client >= minor && engine < minor;

/** Whether a change of this version lies between an older client and a newer engine. */
export const engineAloneHas = ({ client, engine }: Crossing, minor: number): boolean =>
  client < minor && engine >= minor;
