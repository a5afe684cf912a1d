import { type Service, taskNetworks } from '../model/index.ts';
import { IdGroups } from './id-groups.ts';

export type UsedTable = 'secret' | 'config' | 'network';

/** Which services name which secrets, configs and networks in their current spec. */
export class ServiceUses {
  readonly #services = {
    secret: new IdGroups<string>(),
    config: new IdGroups<string>(),
    network: new IdGroups<string>(),
  };

  of(table: UsedTable, id: string): Iterable<string> {
    return this.#services[table].of(id);
  }

  replace(before: Service | undefined, after: Service | undefined): void {
    if (before?.Spec === after?.Spec) return;
    if (before !== undefined) for (const [table, id] of usedBy(before)) this.#services[table].remove(id, before.ID);
    if (after !== undefined) for (const [table, id] of usedBy(after)) this.#services[table].add(id, after.ID);
  }
}

/** Each object that a service names, once. */
function usedBy(service: Service): Iterable<readonly [UsedTable, string]> {
  const used = new Map<string, readonly [UsedTable, string]>();
  const note = (table: UsedTable, id: string | undefined) => {
    if (id !== undefined && id !== '') used.set(`${table}/${id}`, [table, id]);
  };
  const container = service.Spec.TaskTemplate?.ContainerSpec;
  for (const secret of container?.Secrets ?? []) note('secret', secret.SecretID);
  for (const config of container?.Configs ?? []) note('config', config.ConfigID);
  note('config', container?.Privileges?.CredentialSpec?.Config);
  for (const network of taskNetworks(service.Spec)) note('network', network.Target);
  return used.values();
}
