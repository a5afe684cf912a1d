import {
  type Cluster,
  type Config,
  type Network,
  type Node,
  present,
  type Secret,
  type Service,
  type Task,
} from '../model/index.ts';
import type { View } from '../store/index.ts';
import type { ManagerPort } from './ports.ts';

/** Objects as a client of some API version sees them: `present` of the model is the only way out; this joins what it needs. */
export type Shown = Readonly<Record<string, unknown>>;

export function showService(service: Service, apiMinor: number): Shown {
  return present('service', service, apiMinor);
}

/** A task with the spec of its template, which lives as long as the task. */
export function showTask(view: View, task: Task, apiMinor: number): Shown {
  return present('task', task, apiMinor, view.template(task.ServiceID, task.Internal.SpecVersion));
}

/** A node with its place among the managers. */
export function showNode(manager: ManagerPort, node: Node, apiMinor: number): Shown {
  if (node.ManagerStatus === undefined) return present('node', node, apiMinor);
  const { Leader: _, ...status } = node.ManagerStatus;
  const ManagerStatus = manager.leader() === node.ID ? { Leader: true, ...status } : status;
  return present('node', { ...node, ManagerStatus }, apiMinor);
}

/** Without join tokens, which only `GET /swarm` tells. */
export function showCluster(cluster: Cluster, apiMinor: number): Shown {
  return present('cluster', cluster, apiMinor);
}

/** With join tokens. */
export function showSwarm(cluster: Cluster, apiMinor: number): Shown {
  return present('swarm', cluster, apiMinor);
}

export function showNetwork(network: Network, apiMinor: number): Shown {
  return present('network', network, apiMinor);
}

/** A secret without its data, or a config with it. */
export function showSecret(secret: Secret, apiMinor: number): Shown {
  return present('secret', secret, apiMinor);
}

export function showConfig(config: Config, apiMinor: number): Shown {
  return present('config', config, apiMinor);
}
