import { Refusal } from '../../base/index.ts';
import type { ContainerSpec } from './container-spec.ts';
import type { ServiceSpec } from './service-spec.ts';

/** A secret or config that a service's spec refers to; the store must have one with this id and name. */
export interface Reference {
  readonly id: string;
  readonly name: string;
}

interface FileReference extends Reference {
  readonly file: { readonly Name?: string } | undefined;
  /** Needs no file: a config that only a credential spec uses. */
  readonly isRuntime: boolean;
}

/** The secrets that a container's spec refers to. */
export function secretReferences(container: ContainerSpec): readonly Reference[] {
  return secretsOf(container).map(({ id, name }) => ({ id, name }));
}

/** The configs that a container's spec refers to. */
export function configReferences(container: ContainerSpec): readonly Reference[] {
  return configsOf(container).map(({ id, name }) => ({ id, name }));
}

/** Refuses references for which `exists` says no, naming all of them (Swarm's `checkSecretExistence`). */
export function checkReferencesExist(
  object: 'secret' | 'config',
  references: readonly Reference[],
  exists: (reference: Reference) => boolean,
): void {
  const missing = references.filter((reference) => !exists(reference));
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(', ');
  throw new Refusal('references-not-found', { object, names, isMany: missing.length > 1 });
}

/** Refuses to remove a secret or config that the current spec of a service refers to, naming the services (Swarm's text). */
export function checkUnused(
  object: 'secret' | 'config',
  target: Reference,
  services: Iterable<{ readonly Spec: ServiceSpec }>,
): void {
  const users: string[] = [];
  for (const { Spec } of services) {
    const container = Spec.TaskTemplate?.ContainerSpec ?? {};
    const references = object === 'secret' ? secretReferences(container) : configReferences(container);
    if (references.some(({ id }) => id === target.id)) users.push(Spec.Name ?? '');
  }
  if (users.length === 0) return;
  const facts = { object, name: target.name, services: users.join(', '), isMany: users.length > 1 };
  throw new Refusal('object-in-use', facts);
}

/** Refuses references to secrets and configs that Swarm calls malformed, and a credential spec whose config is not among them. */
export function checkReferences(container: ContainerSpec): void {
  checkFiles('secret', secretsOf(container));
  checkFiles('config', configsOf(container));
  const id = container.Privileges?.CredentialSpec?.Config ?? '';
  if (id === '') return;
  const isThere = configsOf(container).some((config) => config.isRuntime && config.id === id);
  if (!isThere) throw new Refusal('credential-config-missing', { id });
}

function secretsOf(container: ContainerSpec): readonly FileReference[] {
  return (container.Secrets ?? []).map(({ SecretID: id = '', SecretName: name = '', File: file }) => {
    return { id, name, file, isRuntime: false };
  });
}

function configsOf(container: ContainerSpec): readonly FileReference[] {
  return (container.Configs ?? []).map(({ ConfigID: id = '', ConfigName: name = '', File: file, Runtime }) => {
    return { id, name, file, isRuntime: Runtime !== undefined };
  });
}

function checkFiles(object: 'secret' | 'config', references: readonly FileReference[]): void {
  const takenBy = new Map<string, string>();
  for (const { id, name, file, isRuntime } of references) {
    if (id === '' || name === '') throw new Refusal('reference-malformed', { object });
    if (isRuntime) continue;
    if (file === undefined) throw new Refusal('reference-no-target', { object });
    const target = file.Name ?? '';
    if (target === '') throw new Refusal('reference-no-file-name', { object });
    const first = takenBy.get(target);
    if (first !== undefined) throw new Refusal('reference-conflict', { object, first, second: name, target });
    takenBy.set(target, name);
  }
}
