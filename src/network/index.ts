/**
 * Networks of tasks. So far: the network namespace ("sandbox") that each task gets before its container is made, with loopback
 * only. Adapter to the kernel; knows nothing of engines, services or stores.
 */
export { makeNamespace, namespacePath, type RunProgram, removeNamespace } from './namespace/namespace.ts';
