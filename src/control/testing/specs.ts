import type { ServiceSpec, UpdateConfig } from '../../model/index.ts';

/** Nanoseconds of seconds. */
export const seconds = (count: number) => count * 1e9;

/** A replicated service of the image `web:1`. */
export function web(replicas: number, more: Partial<ServiceSpec> = {}): ServiceSpec {
  return {
    Name: 'web',
    ...more,
    TaskTemplate: { ...image('web:1'), ...more.TaskTemplate },
    Mode: { Replicated: { Replicas: replicas } },
  };
}

export function globalWeb(more: Partial<ServiceSpec> = {}): ServiceSpec {
  return { Name: 'web', ...more, TaskTemplate: { ...image('web:1'), ...more.TaskTemplate }, Mode: { Global: {} } };
}

const image = (name: string) => ({ ContainerSpec: { Image: name } });

/** A change of the image. */
export const toImage = (name: string) => (spec: ServiceSpec) => ({
  ...spec,
  TaskTemplate: { ...spec.TaskTemplate, ...image(name) },
});

/** A change of the image that comes with settings for the roll-out. */
export const toImageWith = (name: string, config: UpdateConfig) => (spec: ServiceSpec) => ({
  ...toImage(name)(spec),
  UpdateConfig: config,
});

export const toReplicas = (replicas: number) => (spec: ServiceSpec) => ({
  ...spec,
  Mode: { Replicated: { Replicas: replicas } },
});
