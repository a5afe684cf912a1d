import { nanosecondsOf } from '../duration.ts';
import { restartPolicy, rollbackPolicy, stopGraceMs, updatePolicy } from './policies.ts';
import type { ServiceSpec, TaskSpec, UpdateConfig } from './service-spec.ts';

/** A spec with the defaults of 1.9 written out, for `GET /services/{id}?insertDefaults=true`. Not for storing. */
export function withDefaults(spec: ServiceSpec): ServiceSpec {
  const { Name, Labels, TaskTemplate = {}, Mode, UpdateConfig, RollbackConfig, ...rest } = spec;
  const filled = {
    TaskTemplate: taskWithDefaults(TaskTemplate),
    UpdateConfig: rolloutWithDefaults(UpdateConfig, nanosecondsOf(updatePolicy(spec).monitorMs)),
    RollbackConfig: rolloutWithDefaults(RollbackConfig, nanosecondsOf(rollbackPolicy(spec).monitorMs)),
  };
  return { ...(Name && { Name }), ...(Labels && { Labels }), ...filled, ...(Mode && { Mode }), ...rest };
}

function taskWithDefaults(task: TaskSpec): TaskSpec {
  const { ContainerSpec, RestartPolicy } = task;
  const { condition, delayMs, maxAttempts } = restartPolicy(task);
  return {
    Resources: {},
    Placement: {},
    ...task,
    RestartPolicy: { Condition: condition, Delay: nanosecondsOf(delayMs), MaxAttempts: maxAttempts, ...RestartPolicy },
    ...(ContainerSpec && {
      ContainerSpec: { StopGracePeriod: nanosecondsOf(stopGraceMs(ContainerSpec)), DNSConfig: {}, ...ContainerSpec },
    }),
  };
}

function rolloutWithDefaults(given: UpdateConfig | undefined, monitor: number): UpdateConfig {
  const bare = given ?? { Parallelism: 1 };
  return { FailureAction: 'pause', Order: 'stop-first', ...bare, Monitor: given?.Monitor ?? monitor };
}
