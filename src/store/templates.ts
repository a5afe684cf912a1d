import { equalCanonical, type Service, type ServiceSpec, type TaskTemplate } from '../model/index.ts';

/** Which templates an accepted spec of a service names; the rules stand at `Change`. */
export interface ChosenTemplate {
  readonly specVersion: number;
  readonly previousSpecVersion: number | undefined;
  /** The row of `specVersion` when it is to be written. */
  readonly row: TaskTemplate | undefined;
}

/**
 * Chooses the templates of a service whose spec the entry at `index` accepts. `known` are those of the stored service: its current
 * one first, then that of its previous spec.
 */
export function chooseTemplate(service: Service, known: readonly TaskTemplate[], index: number): ChosenTemplate {
  const old = known.find((template) => hasPair(template, service.Spec));
  const specVersion = old?.SpecVersion ?? index;
  const row = templateOf(service, old, specVersion, index);
  return {
    specVersion,
    previousSpecVersion: previousVersion(service, known, specVersion),
    row: old !== undefined && isSameRow(old, row) ? undefined : row,
  };
}

function previousVersion(service: Service, known: readonly TaskTemplate[], specVersion: number): number | undefined {
  const { PreviousSpec, Spec } = service;
  if (PreviousSpec === undefined) return undefined;
  const template = known.find((one) => hasPair(one, PreviousSpec));
  return template?.SpecVersion ?? (isSamePair(PreviousSpec, Spec) ? specVersion : undefined);
}

function templateOf(service: Service, old: TaskTemplate | undefined, specVersion: number, index: number): TaskTemplate {
  const { Spec } = service;
  const { Credentials } = service.Internal;
  const EndpointSpec = old === undefined ? Spec.EndpointSpec : old.EndpointSpec;
  return {
    ServiceID: service.ID,
    SpecVersion: specVersion,
    ServiceName: Spec.Name ?? '',
    ...(Spec.Labels === undefined ? {} : { ServiceLabels: Spec.Labels }),
    Spec: old?.Spec ?? Spec.TaskTemplate ?? {},
    ...(EndpointSpec === undefined ? {} : { EndpointSpec }),
    ...(Credentials === undefined ? {} : { Credentials }),
    Internal: { Revision: index },
  };
}

function hasPair(template: TaskTemplate, spec: ServiceSpec): boolean {
  return (
    equalCanonical(template.Spec, spec.TaskTemplate ?? {}) && equalCanonical(template.EndpointSpec, spec.EndpointSpec)
  );
}

function isSamePair(a: ServiceSpec, b: ServiceSpec): boolean {
  return equalCanonical(a.TaskTemplate ?? {}, b.TaskTemplate ?? {}) && equalCanonical(a.EndpointSpec, b.EndpointSpec);
}

function isSameRow(a: TaskTemplate, b: TaskTemplate): boolean {
  return (
    a.ServiceName === b.ServiceName &&
    equalCanonical(a.ServiceLabels, b.ServiceLabels) &&
    equalCanonical(a.Credentials, b.Credentials)
  );
}
