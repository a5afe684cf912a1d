import { Refusal } from '../../base/index.ts';
import { newId, randomName, type Service, type ServiceId, timestamp } from '../../model/index.ts';
import type { Answer } from '../http/answer.ts';
import { json } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { commit, managerOf } from '../manager-door.ts';
import type { ApiPorts } from '../ports.ts';
import { acceptSpec, checkAgainstStore, credentialsOf, readServiceSpec } from './service-spec.ts';

/** Clients older than this expect no `Warnings` in the answer to a creation. */
const WARNINGS_SINCE_MINOR = 42;

/** `POST /services/create`. */
export async function createService(ports: ApiPorts, exchange: Exchange): Promise<Answer> {
  const sent = await readServiceSpec(exchange);
  const id = newId(ports.random) as ServiceId; // a new id is of the kind that it is made for
  const credentials = credentialsOf(exchange);
  const Name = sent.Name === undefined || sent.Name === '' ? randomName(ports.random) : sent.Name;
  managerOf(ports.swarm);
  const Spec = acceptSpec({ ...sent, Name }, exchange.apiMinor);
  await commit(ports.swarm, exchange.signal, 'the service', (view) => {
    if (view.byName('service', Name).length > 0) throw new Refusal('service-name-taken', { name: Name });
    checkAgainstStore(view, Spec);
    const now = timestamp(view.storeTime);
    const service: Service = {
      ID: id,
      Version: { Index: 0 },
      CreatedAt: now,
      UpdatedAt: now,
      Spec,
      Internal: { Revision: 0, SpecVersion: 0, ...(credentials && { Credentials: credentials }) },
    };
    return {
      preconditions: [
        { kind: 'absent', table: 'service', id },
        { kind: 'nameFree', table: 'service', name: Name },
      ],
      changes: [{ kind: 'put', table: 'service', object: service, newVersion: true }],
    };
  });
  return json(exchange.apiMinor >= WARNINGS_SINCE_MINOR ? { ID: id, Warnings: null } : { ID: id }, 201);
}
