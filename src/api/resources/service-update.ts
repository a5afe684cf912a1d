import { Refusal } from '../../base/index.ts';
import { type PullCredentials, type Service, type ServiceSpec, serviceModeKind, timestamp } from '../../model/index.ts';
import type { Transaction, View } from '../../store/index.ts';
import type { Answer } from '../http/answer.ts';
import { json } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { versionOf } from '../http/query.ts';
import { findObject } from '../lookup.ts';
import { commit, managerOf } from '../manager-door.ts';
import type { ApiPorts } from '../ports.ts';
import { acceptSpec, checkAgainstStore, credentialsOf, readServiceSpec } from './service-spec.ts';

const PLACEHOLDER_NAME = 'unnamed';

interface UpdateRequest {
  /** As sent; `spec` always has one. */
  readonly name: string;
  readonly spec: ServiceSpec;
  readonly version: number;
  readonly rollback: string;
  readonly registryAuthFrom: string;
  readonly credentials: PullCredentials | undefined;
}

/** `POST /services/{id}/update`: a whole new spec, or the previous one back. The body is checked even for a rollback. */
export async function updateService(ports: ApiPorts, exchange: Exchange): Promise<Answer> {
  const sent = await readServiceSpec(exchange);
  const version = versionOf(exchange.query, 'service');
  managerOf(ports.swarm);
  // Checked in whole also where its name is missing, which is refused as a change of name later, as in Swarm.
  const spec = acceptSpec({ ...sent, Name: sent.Name || PLACEHOLDER_NAME }, exchange.apiMinor);
  await commit(ports.swarm, exchange.signal, 'the service', (view) => {
    const service = findObject(view, 'service', exchange.param('id'));
    const rollback = exchange.query.get('rollback') ?? '';
    const registryAuthFrom = exchange.query.get('registryAuthFrom') ?? '';
    return decideUpdate(view, service, {
      spec,
      name: sent.Name ?? '',
      version,
      rollback,
      registryAuthFrom,
      credentials: credentialsOf(exchange),
    });
  });
  return json({ Warnings: null });
}

function decideUpdate(view: View, service: Service, request: UpdateRequest): Transaction {
  const credentials = nextCredentials(service, request);
  if (!['', 'none', 'previous'].includes(request.rollback)) {
    throw new Refusal('rollback-option', { value: request.rollback });
  }
  if (request.version !== service.Version.Index) throw new Refusal('update-out-of-sequence');
  const object =
    request.rollback === 'previous' ? rolledBack(view, service) : replaced(view, service, request, credentials);
  return {
    preconditions: [
      { kind: 'version', table: 'service', id: service.ID, index: request.version },
      { kind: 'revision', table: 'service', id: service.ID, revision: service.Internal.Revision },
    ],
    changes: [{ kind: 'put', table: 'service', object, newVersion: true }],
  };
}

/** The credentials that the new spec pulls with: the client's, else those of the spec that it names. */
function nextCredentials(service: Service, request: UpdateRequest): PullCredentials | undefined {
  if (request.credentials !== undefined) return request.credentials;
  switch (request.registryAuthFrom) {
    case '':
    case 'spec':
      return service.Internal.Credentials;
    case 'previous-spec':
      return service.Internal.PreviousCredentials;
    default:
      throw new Refusal('registry-auth-from');
  }
}

function replaced(
  view: View,
  service: Service,
  { name, spec }: UpdateRequest,
  credentials: PullCredentials | undefined,
): Service {
  if (name !== service.Spec.Name) throw new Refusal('service-rename');
  if (serviceModeKind(spec) !== serviceModeKind(service.Spec)) throw new Refusal('service-mode-change');
  checkAgainstStore(view, spec, service.ID);
  return withSpec(service, spec, credentials);
}

/** The previous spec and the present one change places, so that a second rollback undoes the first. */
function rolledBack(view: View, service: Service): Service {
  if (service.PreviousSpec === undefined) throw new Refusal('service-no-previous-spec', { id: service.ID });
  return {
    ...withSpec(service, service.PreviousSpec, service.Internal.PreviousCredentials),
    UpdateStatus: {
      State: 'rollback_started',
      StartedAt: timestamp(view.storeTime),
      Message: 'manually requested rollback',
    },
  };
}

/** A new spec clears the state of the roll-out before it, pauses included. */
function withSpec(service: Service, spec: ServiceSpec, credentials: PullCredentials | undefined): Service {
  const { UpdateStatus: _status, ...kept } = service;
  const { Credentials: before, PreviousCredentials: _before, Rollout: _rollout, ...internal } = service.Internal;
  return {
    ...kept,
    Spec: spec,
    PreviousSpec: service.Spec,
    Internal: {
      ...internal,
      PreviousSpecVersion: service.Internal.SpecVersion,
      ...(credentials && { Credentials: credentials }),
      ...(before && { PreviousCredentials: before }),
    },
  };
}
