import { Refusal } from '../../base/index.ts';
import { type PullCredentials, type ServiceSpec, serviceSpecSchema } from '../../model/index.ts';
import type { View } from '../../store/index.ts';
import { readDocument } from '../document.ts';
import { type Exchange, MAX_SPEC_BYTES } from '../http/exchange.ts';

export function readServiceSpec(exchange: Exchange): Promise<ServiceSpec> {
  return readDocument(exchange, serviceSpecSchema, MAX_SPEC_BYTES);
}

/** The credentials that a client sent along, kept as they came: they are the agent's to read. */
export function credentialsOf(exchange: Exchange): PullCredentials | undefined {
  const sent = exchange.header('x-registry-auth');
  return sent === undefined || sent === '' ? undefined : { RegistryAuth: sent };
}
