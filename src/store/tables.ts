import type { Cluster, Config, Network, Node, Secret, Service, Task, TaskTemplate, Volume } from '../model/index.ts';

/** The tables of the store and what each holds. Adding one: see docs/checklists/new-table.md. */
export interface Tables {
  readonly cluster: Cluster;
  readonly node: Node;
  readonly service: Service;
  readonly task: Task;
  readonly template: TaskTemplate;
  readonly network: Network;
  readonly secret: Secret;
  readonly config: Config;
  readonly volume: Volume;
}

export type TableName = keyof Tables;

/** The tables that transactions write; templates are written by apply alone. */
export type WritableTable = Exclude<TableName, 'template'>;

export const tableNames = [
  'cluster',
  'node',
  'service',
  'task',
  'template',
  'network',
  'secret',
  'config',
  'volume',
] as const satisfies readonly TableName[];

/** The key of a template: one per accepted spec of a service. */
export function templateKey(serviceId: string, specVersion: number): string {
  return `${serviceId}.${specVersion}`;
}

/** The id under which a table holds an object; that of a template is its key. */
export function idOf(object: Tables[TableName]): string {
  return 'ID' in object ? object.ID : templateKey(object.ServiceID, object.SpecVersion);
}

export function isTableName(name: unknown): name is TableName {
  return tableNames.some((table) => table === name);
}
