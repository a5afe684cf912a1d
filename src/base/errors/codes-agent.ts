import type { ErrorTable } from './kinds.ts';

/** Errors raised by agent. A code is stable API: add, never rename. The mount texts are Swarm's (its worker writes them). */
export const agentErrors = {
  'mount-target-relative': {
    kind: 'invalid',
    text: ({ target }) => `invalid mount target, must be an absolute path: ${target}`,
  },
  'mount-bind-relative': {
    kind: 'invalid',
    text: ({ source }) => `invalid bind mount source, must be an absolute path: ${source}`,
  },
  /** As the engine under Swarm 20.10 words it; recorded. */
  'mount-bind-missing': {
    kind: 'invalid',
    text: ({ source }) => `invalid mount config for type "bind": bind source path does not exist: ${source}`,
  },
  'mount-volume-absolute': {
    kind: 'invalid',
    text: ({ source }) => `invalid volume mount source, must not be an absolute path: ${source}`,
  },
  'mount-tmpfs-source': {
    kind: 'invalid',
    text: () => 'invalid tmpfs source, source must be empty',
  },
  'mount-type': {
    kind: 'invalid',
    text: ({ type }) => `invalid MountType: "${type}"`,
  },
  'task-template-missing': {
    kind: 'internal',
    text: ({ taskId, specVersion }) => `the managers sent no specification ${specVersion} for task ${taskId}`,
  },
  'task-container-gone': {
    kind: 'notFound',
    text: ({ taskId }) => `No such container: of task ${taskId}`,
  },
  'task-runtime': {
    kind: 'notImplemented',
    text: ({ runtime }) => `task runtime ${runtime} can't run on this node`,
  },
  'no-such-image': {
    kind: 'notFound',
    text: ({ image, reason }) => `No such image: ${image}${reason === undefined ? '' : ` (pull: ${reason})`}`,
  },
  'agent-state-damaged': {
    kind: 'internal',
    text: ({ problem }) =>
      `the agent's state file is damaged (${problem}): move it away and start again, the managers will send what this node runs`,
  },
  'agent-state-unwritten': {
    kind: 'unavailable',
    text: ({ reason }) => `the node can't write down what it shall run: ${reason}`,
  },
  'agent-state-version': {
    kind: 'internal',
    text: ({ version }) =>
      `the agent's state file has format version ${version}, which this daemon can't read: use a newer one`,
  },
  'agent-stopped': {
    kind: 'unavailable',
    text: () => 'the agent is stopping',
  },
  'step-cancelled': {
    kind: 'unavailable',
    text: ({ what }) => `${what} was given up, it is not wanted any more`,
  },
  'pull-stalled': {
    kind: 'unavailable',
    text: ({ image, timeoutMs }) => `pulling ${image}: the registry sent nothing for ${timeoutMs} ms`,
  },
  'session-lost': {
    kind: 'unavailable',
    text: ({ reason }) => `the session with the manager ended: ${reason}`,
  },
  /** What a test or the simulator lets the simulated engine say. */
  'simulated-refusal': {
    kind: 'internal',
    text: ({ text }) => String(text),
  },
  'simulated-outage': {
    kind: 'unavailable',
    text: () => 'Cannot connect to the container engine. Is it running?',
  },
} as const satisfies ErrorTable;
