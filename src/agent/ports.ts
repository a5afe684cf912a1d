import type { TaskId } from '../model/index.ts';

/** Where the agent logs: events with fields. A pino logger is one. */
export interface AgentLog {
  debug(fields: Readonly<Record<string, unknown>>, event: string): void;
  info(fields: Readonly<Record<string, unknown>>, event: string): void;
  warn(fields: Readonly<Record<string, unknown>>, event: string): void;
  error(fields: Readonly<Record<string, unknown>>, event: string): void;
}

/** The network namespaces of tasks. Both calls are idempotent; what fails throws and is tried again. */
export interface TaskNetwork {
  /** Makes the task's namespace unless it is there and gives its path, the same each time; `undefined` = the engine's own network. */
  prepare(taskId: TaskId): Promise<string | undefined>;
  /** Takes it away; also when there is none. */
  release(taskId: TaskId): Promise<void>;
}

/** For engines that bring their own network. */
export const noTaskNetwork: TaskNetwork = {
  prepare: () => Promise.resolve(undefined),
  release: () => Promise.resolve(),
};

/** The agent's one file. `replace` is durable and atomic: after a crash `read` gives the old or the new content, whole. */
export interface AgentStateStorage {
  read(): Promise<Uint8Array | undefined>;
  replace(bytes: Uint8Array): Promise<void>;
}
