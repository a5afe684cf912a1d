import { Refusal } from '../../base/index.ts';
import type { Config, Secret } from '../../model/index.ts';
import type { View } from '../../store/index.ts';
import { allowKeys, anyValue, labelsMatch, parseFilters } from '../filters.ts';
import { type Answer, json, list } from '../http/answer.ts';
import { type Exchange, MAX_DATA_BODY_BYTES } from '../http/exchange.ts';
import { versionOf } from '../http/query.ts';
import type { Route } from '../http/router.ts';
import { findObject } from '../lookup.ts';
import { freshView, managerOf } from '../manager-door.ts';
import type { ApiPorts } from '../ports.ts';
import { type Shown, showConfig, showSecret } from '../show.ts';

/**
 * Secrets and configs: reading works, so that clients that look before they act go on; writing is refused by name until it is
 * built. What Docker refuses before it looks at the wish (no manager, no version, no such object) is refused so here too.
 */
export function storedDataRoutes(ports: ApiPorts): readonly Route[] {
  return (['secret', 'config'] as const).flatMap((table): Route[] => [
    { method: 'GET', path: `/${table}s`, handle: (exchange) => listData(ports, exchange, table) },
    { method: 'GET', path: `/${table}s/{id}`, handle: (exchange) => inspectData(ports, exchange, table) },
    { method: 'POST', path: `/${table}s/create`, handle: (exchange) => createData(ports, exchange, table) },
    { method: 'POST', path: `/${table}s/{id}/update`, handle: (exchange) => updateData(ports, exchange, table) },
    { method: 'DELETE', path: `/${table}s/{id}`, handle: (exchange) => deleteData(ports, exchange, table) },
  ]);
}

type DataTable = 'secret' | 'config';

async function listData(ports: ApiPorts, exchange: Exchange, table: DataTable): Promise<Answer> {
  const filters = parseFilters(exchange.query);
  const view = await freshView(ports.swarm, exchange.signal);
  allowKeys(filters, 'id', 'name', 'names', 'label');
  return list(view.list(table), (object) => {
    const name = object.Spec.Name ?? '';
    const isWanted =
      anyValue(filters, 'id', (prefix) => object.ID.startsWith(prefix)) &&
      anyValue(filters, 'name', (prefix) => name.toLowerCase().startsWith(prefix.toLowerCase())) &&
      anyValue(filters, 'names', (wanted) => name === wanted) &&
      labelsMatch(filters, 'label', object.Spec.Labels);
    return isWanted ? showData(table, object, exchange.apiMinor) : undefined;
  });
}

async function inspectData(ports: ApiPorts, exchange: Exchange, table: DataTable): Promise<Answer> {
  const view = await freshView(ports.swarm, exchange.signal);
  return json(showData(table, findObject(view, table, exchange.param('id')), exchange.apiMinor));
}

async function createData(ports: ApiPorts, exchange: Exchange, table: DataTable): Promise<Answer> {
  await exchange.readBody(MAX_DATA_BODY_BYTES);
  managerOf(ports.swarm);
  throw new Refusal('not-built-yet', { what: `creating ${table}s` });
}

async function updateData(ports: ApiPorts, exchange: Exchange, table: DataTable): Promise<Answer> {
  await exchange.readBody(MAX_DATA_BODY_BYTES);
  versionOf(exchange.query, table);
  return refuseWrite(managerOf(ports.swarm).view(), exchange, table, `updating ${table}s`);
}

function deleteData(ports: ApiPorts, exchange: Exchange, table: DataTable): Answer {
  return refuseWrite(managerOf(ports.swarm).view(), exchange, table, `removing ${table}s`);
}

function showData(table: DataTable, object: Secret | Config, apiMinor: number): Shown {
  // The object is of the table.
  return table === 'secret' ? showSecret(object as Secret, apiMinor) : showConfig(object as Config, apiMinor);
}

function refuseWrite(view: View, exchange: Exchange, table: DataTable, what: string): never {
  findObject(view, table, exchange.param('id'));
  throw new Refusal('not-built-yet', { what });
}
