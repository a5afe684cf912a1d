/**
 * Container engines. `port/` says what an engine must do; docker/, embedded/ and simulated/ do it. One suite of tests
 * (`port/suite.ts`) runs on all.
 * - Containers, their exit codes and their logs survive any stop, crash or upgrade of Ruche.
 * - Adapters know nothing of services, stores or each other.
 */
export type {
  ContainerCreate,
  ContainerEvent,
  ContainerInspect,
  ContainerLogOptions,
  ContainerLogRecord,
  ContainerState,
  HostConfig,
} from './port/container.ts';
export type { CreateOptions, Engine, EngineImage, PullOptions, PullProgress } from './port/engine.ts';
export type {
  ExecCreate,
  ExecEngine,
  ExecId,
  ExecInspect,
  ExecStream,
  OutputFrame,
  ProcessStream,
} from './port/exec.ts';
export type {
  AttachOptions,
  ContainerFilters,
  ContainerListOptions,
  EngineMessage,
  LocalEngine,
  WaitCondition,
} from './port/local.ts';
