import { Refusal } from '../../base/index.ts';
import { expandTemplate, type TemplateContext } from '../template/expand.ts';
import type { ContainerSpec, Mount } from './container-spec.ts';

/** Stands in for the task that will be: no labels are known yet, so a label that a template needs must be read with `index`. */
const dummy: TemplateContext = {
  Service: { ID: 'serviceid', Name: 'servicename' },
  Node: { ID: 'nodeid', Hostname: 'node-hostname', Platform: { Architecture: 'x86_64', OS: 'linux' } },
  Task: { ID: 'taskid', Name: 'taskname', Slot: '1' },
};

/** Refuses placeholders that can't be expanded (Swarm's best-effort check at create). */
export function checkTemplates(container: ContainerSpec): void {
  expandContainer(container, dummy);
}

/**
 * A container's spec with the placeholders of its mounts, variables and host name expanded, in Swarm's order. A refusal names the
 * value that can't be.
 */
export function expandContainer(container: ContainerSpec, context: TemplateContext): ContainerSpec {
  const expand = (text: string) => expandTemplate(text, context);
  const { Mounts, Env, Hostname } = container;
  return {
    ...container,
    ...(Mounts && { Mounts: within('mounts', () => Mounts.map((mount) => expandMount(mount, expand))) }),
    ...(Env && { Env: within('env', () => Env.map((entry) => expandEntry(entry, expand))) }),
    ...(Hostname !== undefined && { Hostname: within('hostname', () => expand(Hostname)) }),
  };
}

function expandEntry(entry: string, expand: (text: string) => string): string {
  const at = entry.indexOf('=');
  if (at === -1) return entry;
  return entry.slice(0, at + 1) + about('env', entry, () => expand(entry.slice(at + 1)));
}

function expandMount(mount: Mount, expand: (text: string) => string): Mount {
  const { Source, Target, VolumeOptions } = mount;
  const expandAll = (what: string, texts: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, about(what, text, () => expand(text))]));
  const { Labels, DriverConfig } = VolumeOptions ?? {};
  const Options = DriverConfig?.Options;
  return {
    ...mount,
    ...(Source !== undefined && { Source: about('mount source', Source, () => expand(Source)) }),
    ...(Target !== undefined && { Target: about('mount target', Target, () => expand(Target)) }),
    ...(VolumeOptions && {
      VolumeOptions: {
        ...VolumeOptions,
        ...(Labels && { Labels: expandAll('volume label', Labels) }),
        ...(Options && { DriverConfig: { ...DriverConfig, Options: expandAll('volume driver option', Options) } }),
      },
    }),
  };
}

function about<T>(what: string, text: string, make: () => T): T {
  return prefixed(`expanding ${what} ${JSON.stringify(text)}`, make);
}

function within<T>(what: string, make: () => T): T {
  return prefixed(`expanding ${what} failed`, make);
}

function prefixed<T>(prefix: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof Refusal) || cause.code !== 'template-invalid') throw cause;
    throw new Refusal('template-invalid', { why: `${prefix}: ${cause.facts.why}`, cause });
  }
}
