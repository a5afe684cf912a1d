/**
 * The part of a node that runs tasks: takes assignments from any manager, drives each task through its states on the container
 * engine, and reports. The task machine, the container's plan and reconciliation are pure; the rest is their shell.
 * - One machine per task, one step at a time, at most one container per task. Observed state never goes down.
 * - What is older than what was obeyed is refused, and stops nothing.
 * - Acknowledged means durable. An ended task is durable before a manager hears of it; statuses are sent at least once.
 * - Containers outlive this process. It finds them again by their labels, and runs what it had also without managers.
 * - No secret and no registry credential is written to the agent's file.
 */
export { type Agent, type AgentOptions, createAgent } from './agent.ts';
export { type AgentLog, type AgentStateStorage, noTaskNetwork, type TaskNetwork } from './ports.ts';
export { memoryStateStorage } from './state.ts';
export { fileStateStorage } from './state-file.ts';
