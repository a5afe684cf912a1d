import type { Service } from '../../model/index.ts';
import { serviceModeKind, withDefaults } from '../../model/index.ts';
import type { View } from '../../store/index.ts';
import { allowKeys, anyValue, type Filters, labelsMatch, parseFilters } from '../filters.ts';
import { type Answer, empty, json, list } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { strictFlag } from '../http/query.ts';
import type { Route } from '../http/router.ts';
import { findObject } from '../lookup.ts';
import { commit, freshView, managerOf } from '../manager-door.ts';
import type { ApiPorts } from '../ports.ts';
import { showService } from '../show.ts';
import { createService } from './service-create.ts';
import { serviceStatus } from './service-status.ts';
import { updateService } from './service-update.ts';

/** Clients older than this know no `ServiceStatus`. */
const STATUS_SINCE_MINOR = 41;

export function serviceRoutes(ports: ApiPorts): readonly Route[] {
  return [
    { method: 'GET', path: '/services', handle: (exchange) => listServices(ports, exchange) },
    { method: 'POST', path: '/services/create', handle: (exchange) => createService(ports, exchange) },
    { method: 'GET', path: '/services/{id}', handle: (exchange) => inspectService(ports, exchange) },
    { method: 'POST', path: '/services/{id}/update', handle: (exchange) => updateService(ports, exchange) },
    { method: 'DELETE', path: '/services/{id}', handle: (exchange) => deleteService(ports, exchange) },
  ];
}

async function listServices(ports: ApiPorts, exchange: Exchange): Promise<Answer> {
  const filters = parseFilters(exchange.query, 'malformed-service-filters');
  const withStatus = strictFlag(exchange.query, 'status') && exchange.apiMinor >= STATUS_SINCE_MINOR;
  const view = await freshView(ports.swarm, exchange.signal);
  const matches = serviceFilter(filters);
  const manager = managerOf(ports.swarm);
  return list(view.list('service'), (service) => {
    if (!matches(service)) return undefined;
    const shown = showService(service, exchange.apiMinor);
    // The view is taken anew: a long list may pause between two services.
    return withStatus ? { ...shown, ServiceStatus: serviceStatus(manager.view(), service) } : shown;
  });
}

async function inspectService(ports: ApiPorts, exchange: Exchange): Promise<Answer> {
  const wantsDefaults = strictFlag(exchange.query, 'insertDefaults');
  const view = await freshView(ports.swarm, exchange.signal);
  const service = findObject(view, 'service', exchange.param('id'));
  const shown = wantsDefaults ? { ...service, Spec: withDefaults(service.Spec) } : service;
  return json(showService(shown, exchange.apiMinor));
}

async function deleteService(ports: ApiPorts, exchange: Exchange): Promise<Answer> {
  await commit(ports.swarm, exchange.signal, 'the service', (view: View) => {
    const { ID: id } = findObject(view, 'service', exchange.param('id'));
    return {
      preconditions: [{ kind: 'exists', table: 'service', id }],
      changes: [{ kind: 'remove', table: 'service', id }],
    };
  });
  return empty();
}

const filterKeys = ['id', 'name', 'label', 'mode', 'runtime'];

function serviceFilter(filters: Filters): (service: Service) => boolean {
  allowKeys(filters, ...filterKeys);
  const runtimes = filters.get('runtime') ?? [];
  return (service) =>
    anyValue(filters, 'id', (prefix) => service.ID.startsWith(prefix)) &&
    anyValue(filters, 'name', (prefix) => (service.Spec.Name ?? '').startsWith(prefix)) &&
    labelsMatch(filters, 'label', service.Spec.Labels) &&
    anyValue(filters, 'mode', (mode) => serviceModeKind(service.Spec) === mode) &&
    // Only containers are listed unless a runtime is asked for.
    (runtimes.length === 0 ? ['container'] : runtimes).includes(runtimeWord(service));
}

function runtimeWord(service: Service): string {
  const runtime = service.Spec.TaskTemplate?.Runtime ?? '';
  return runtime === '' ? 'container' : runtime;
}
