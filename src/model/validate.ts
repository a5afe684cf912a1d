import { Refusal } from '../base/index.ts';
import { canonicalConfigSpec, canonicalNodeSpec, canonicalSecretSpec, canonicalSwarmSpec } from './canonical.ts';
import { checkSecretName } from './names.ts';
import { parseCidr } from './network/address.ts';
import type { NodeSpec } from './node/node.ts';
import type { ConfigSpec, SecretSpec } from './secret/secret.ts';
import type { SwarmInitRequest, SwarmSpec } from './swarm/swarm.ts';

/** Exclusive limits of Swarm. */
const SECRET_LIMIT_BYTES = 500 * 1024;
const CONFIG_LIMIT_BYTES = 1000 * 1024;
const MIN_CERTIFICATE_EXPIRY_NS = 3_600_000_000_000;
const MAX_SUBNET_SIZE = 29;
const DEFAULT_SUBNET_SIZE = 24;

/** A node's spec as it is stored; an update needs the whole of it. */
export function acceptNodeSpec(sent: NodeSpec): NodeSpec {
  const role: string = sent.Role ?? '';
  if (!['worker', 'manager'].includes(role.toLowerCase())) throw new Refusal('node-role-invalid', { value: role });
  const availability: string = sent.Availability ?? '';
  if (!isAvailability(availability)) throw new Refusal('node-availability-invalid', { value: availability });
  return canonicalNodeSpec(sent);
}

function isAvailability(word: string): boolean {
  return ['active', 'pause', 'drain'].includes(word.toLowerCase());
}

/** A new secret's spec as it is stored. */
export function acceptSecretSpec(sent: SecretSpec, apiMinor?: number): SecretSpec {
  const spec = canonicalSecretSpec(sent, apiMinor);
  checkSecretName(spec.Name);
  if (spec.Driver !== undefined) {
    const name = spec.Driver.Name ?? '';
    if (name === '') throw new Refusal('secret-driver-name');
    throw new Refusal('secret-driver-unknown', { name });
  }
  if (!isWithin(spec.Data, SECRET_LIMIT_BYTES)) throw new Refusal('secret-data-size');
  checkTemplating(spec);
  return spec;
}

/** A new config's spec as it is stored. */
export function acceptConfigSpec(sent: ConfigSpec, apiMinor?: number): ConfigSpec {
  const spec = canonicalConfigSpec(sent, apiMinor);
  checkSecretName(spec.Name);
  if (!isWithin(spec.Data, CONFIG_LIMIT_BYTES)) throw new Refusal('config-data-size');
  checkTemplating(spec);
  return spec;
}

/** Refuses an update of a secret or config that changes more than labels; data may be left out or sent again as it is. */
export function checkOnlyLabels(
  stored: { readonly Name?: string; readonly Data?: string },
  sent: { readonly Name?: string; readonly Data?: string },
): void {
  const isSameData = sent.Data === undefined || sent.Data === '' || sent.Data === stored.Data;
  if (sent.Name !== stored.Name || !isSameData) throw new Refusal('only-labels');
}

/** Swarm takes any driver and fails when a task starts; refused here on purpose. An empty one means none. */
function checkTemplating({ Templating }: { readonly Templating?: { readonly Name?: string } }): void {
  const name = Templating?.Name ?? '';
  if (name !== '' && name !== 'golang') {
    throw new Refusal('never-works', {
      what: `unknown templating driver ${JSON.stringify(name)}: the only one is golang`,
    });
  }
}

/** Whether base64 holds at least one byte and fewer than `limit`. */
function isWithin(data: string | undefined, limit: number): boolean {
  if (data === undefined) return false;
  const padding = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0;
  const bytes = (data.length / 4) * 3 - padding;
  return bytes > 0 && bytes < limit;
}

/** A swarm's settings as `POST /swarm/update` stores them. The signing certificate and key are the caller's to take out before. */
export function acceptSwarmSpec(sent: SwarmSpec, apiMinor?: number): SwarmSpec {
  checkSwarmName(sent);
  checkExternalAuthorities(sent);
  checkSettings(sent);
  return canonicalSwarmSpec(sent, apiMinor);
}

function checkSwarmName(spec: SwarmSpec): void {
  if ((spec.Name ?? '') !== '' && spec.Name !== 'default') throw new Refusal('swarm-name-invalid');
}

function checkExternalAuthorities(spec: SwarmSpec): void {
  for (const { Protocol: protocol = '' } of spec.CAConfig?.ExternalCAs ?? []) {
    if (protocol.toLowerCase() !== 'cfssl') throw new Refusal('external-ca-protocol', { value: protocol });
  }
}

function checkSettings(spec: SwarmSpec): void {
  const { NodeCertExpiry = 0, SigningCAKey = '', SigningCACert = '' } = spec.CAConfig ?? {};
  if (NodeCertExpiry !== 0 && NodeCertExpiry < MIN_CERTIFICATE_EXPIRY_NS)
    throw new Refusal('certificate-expiry-too-short');
  // Recorded: Docker answers this even when both are there but the certificate is none.
  if (SigningCAKey !== '' && !SigningCACert.includes('-----BEGIN')) throw new Refusal('signing-certificate-missing');
  if ((spec.Dispatcher?.HeartbeatPeriod ?? 0) < 0) throw new Refusal('heartbeat-negative');
}

/** Refuses what init refuses of a request besides its addresses, with the statuses of Docker (400 and 500). */
export function checkInitRequest(request: SwarmInitRequest): void {
  const spec = request.Spec ?? {};
  checkSwarmName(spec);
  const port = request.DataPathPort ?? 0;
  if (port !== 0 && (port < 1024 || port > 49_151)) throw new Refusal('data-path-port-invalid', { port });
  checkAddressPools(request.DefaultAddrPool ?? [], request.SubnetSize ?? 0);
  const availability: string = request.Availability ?? '';
  if (availability !== '' && !isAvailability(availability))
    throw new Refusal('init-availability', { value: availability });
  try {
    checkExternalAuthorities(spec);
    checkSettings(spec);
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new Refusal('init-settings-refused', { why: cause.message, cause });
  }
}

function checkAddressPools(pools: readonly string[], subnetSize: number): void {
  const size = subnetSize === 0 ? DEFAULT_SUBNET_SIZE : subnetSize;
  for (const pool of pools) {
    const cidr = parseCidr(pool);
    if (cidr === undefined) throw new Refusal('address-pool-invalid', { pool });
    if (size > MAX_SUBNET_SIZE) throw new Refusal('subnet-size-invalid', { size });
    if (cidr.prefixLength > size) throw new Refusal('address-pool-too-small', { pool, size });
  }
}
