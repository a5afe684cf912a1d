import { Refusal } from '../base/index.ts';
import type { ContainerCreate } from '../engine/index.ts';
import {
  type ContainerSpec,
  expandContainer,
  stopGraceMs as graceMs,
  type NodeDescription,
  type TaskTemplate,
  type TemplateContext,
  taskDisplayName,
} from '../model/index.ts';
import type { AssignedTask } from '../rpc/index.ts';
import {
  NODE_ID_LABEL,
  SERVICE_ID_LABEL,
  SERVICE_NAME_LABEL,
  TASK_ID_LABEL,
  TASK_LABEL,
  TASK_NAME_LABEL,
} from './container-labels.ts';
import { hostConfig } from './host-config.ts';
import { filled, filledText, present } from './present.ts';

/** The container of a task: its name, unique for ever, and what the engine is asked to make. */
export interface ContainerPlan {
  readonly name: string;
  readonly create: ContainerCreate;
}

/**
 * Plans the container of a task (reference 8.4). Pure; a spec that can't run here is a `Refusal`, with Swarm's text where Swarm
 * has one: the task is rejected with it.
 */
export function planContainer(task: AssignedTask, template: TaskTemplate, node: NodeDescription): ContainerPlan {
  const name = containerName(task, template);
  const spec = expandContainer(runnableSpec(template), templateContext(task, template, node));
  const stopTimeout = spec.StopGracePeriod === undefined ? undefined : stopGraceMs(template) / 1000;
  const create: ContainerCreate = {
    Image: spec.Image ?? '',
    Labels: { ...spec.Labels, ...swarmLabels(task, template, name) },
    ...present('Cmd', filled(spec.Args)),
    ...present('Entrypoint', filled(spec.Command)),
    ...present('Env', filled(spec.Env)),
    ...present('Hostname', filledText(spec.Hostname)),
    ...present('User', filledText(spec.User)),
    ...present('WorkingDir', filledText(spec.Dir)),
    ...present('Tty', spec.TTY),
    ...present('OpenStdin', spec.OpenStdin),
    ...present('StopSignal', filledText(spec.StopSignal)),
    ...present('StopTimeout', stopTimeout),
    ...present('Healthcheck', spec.Healthcheck),
    HostConfig: hostConfig(template.Spec, spec),
  };
  return { name, create };
}

/** `<service>.<slot, or node of a global task>.<task id>`: the container's name and the task's. */
function containerName(task: AssignedTask, template: TaskTemplate): string {
  const { ID, Slot, NodeID } = task;
  return taskDisplayName({ ID, Slot, NodeID, ServiceName: template.ServiceName });
}

/** How long a container may take to stop, ms. Whole seconds, the fraction is cut, as in Swarm. */
export function stopGraceMs(template: TaskTemplate | undefined): number {
  return Math.floor(graceMs(template?.Spec.ContainerSpec ?? {}) / 1000) * 1000;
}

function runnableSpec(template: TaskTemplate): ContainerSpec {
  const { Spec } = template;
  const runtime = Spec.Runtime ?? 'container';
  if (Spec.ContainerSpec === undefined || (runtime !== 'container' && (runtime as string) !== ''))
    throw new Refusal('task-runtime', { runtime });
  const { Secrets, Configs, Privileges } = Spec.ContainerSpec;
  if (filled(Secrets) !== undefined) throw new Refusal('not-built-yet', { what: 'ContainerSpec.Secrets' });
  if (filled(Configs) !== undefined) throw new Refusal('not-built-yet', { what: 'ContainerSpec.Configs' });
  if (Privileges?.CredentialSpec !== undefined)
    throw new Refusal('not-built-yet', { what: 'ContainerSpec.Privileges.CredentialSpec' });
  return Spec.ContainerSpec;
}

function swarmLabels(task: AssignedTask, template: TaskTemplate, name: string): Readonly<Record<string, string>> {
  return {
    [TASK_LABEL]: '',
    [TASK_ID_LABEL]: task.ID,
    [TASK_NAME_LABEL]: name,
    [NODE_ID_LABEL]: task.NodeID,
    [SERVICE_ID_LABEL]: task.ServiceID,
    [SERVICE_NAME_LABEL]: template.ServiceName,
  };
}

function templateContext(task: AssignedTask, template: TaskTemplate, node: NodeDescription): TemplateContext {
  return {
    Service: { ID: task.ServiceID, Name: template.ServiceName, Labels: template.ServiceLabels ?? {} },
    Node: {
      ID: task.NodeID,
      Hostname: node.Hostname ?? '',
      Platform: { Architecture: node.Platform?.Architecture ?? '', OS: node.Platform?.OS ?? '' },
    },
    Task: { ID: task.ID, Name: containerName(task, template), Slot: slotName(task) },
  };
}

function slotName({ Slot, NodeID }: AssignedTask): string {
  return Slot === 0 ? NodeID : String(Slot);
}
