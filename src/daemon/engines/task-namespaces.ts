import type { TaskNetwork } from '../../agent/index.ts';
import type { EmbeddedEngine } from '../../engine/embedded/index.ts';
import type { TaskId } from '../../model/index.ts';
import { makeNamespace, namespacePath, type RunProgram, removeNamespace } from '../../network/index.ts';

/** Making or removing a namespace takes milliseconds; what takes longer hangs. */
const NAMESPACE_TIMEOUT_MS = 10_000;

/** A network namespace of its own for each task, with loopback only until networks are built. */
export function taskNamespaces(engine: Pick<EmbeddedEngine, 'runProgram'>): TaskNetwork {
  const run: RunProgram = (file, args) => engine.runProgram(file, args, NAMESPACE_TIMEOUT_MS);
  const nameOf = (taskId: TaskId): string => `ruche-${taskId}`;
  return {
    prepare: async (taskId) => {
      await makeNamespace(nameOf(taskId), AbortSignal.timeout(NAMESPACE_TIMEOUT_MS), run);
      return namespacePath(nameOf(taskId));
    },
    release: (taskId) => removeNamespace(nameOf(taskId), AbortSignal.timeout(NAMESPACE_TIMEOUT_MS), run),
  };
}
