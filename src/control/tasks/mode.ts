import type { Service } from '../../model/index.ts';

/** Whether a service is of the replicated mode; no mode at all means that too. */
export function isReplicated(service: Service): boolean {
  const mode = service.Spec.Mode;
  return mode?.Global === undefined && mode?.ReplicatedJob === undefined && mode?.GlobalJob === undefined;
}

export function isGlobal(service: Service): boolean {
  return service.Spec.Mode?.Global !== undefined;
}
