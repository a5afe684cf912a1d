import type { ErrorEntry, ErrorFacts, ErrorKind, ErrorTable, RpcCode } from './kinds.ts';

/** A text of Swarm's store API, which carries the gRPC prefix. */
const refused = (text: (facts: ErrorFacts) => string): ErrorEntry => ({
  kind: 'invalid',
  rpc: 'InvalidArgument',
  text,
});
/** A text of Docker's engine layer, without prefix. */
const plain = (text: (facts: ErrorFacts) => string): ErrorEntry => ({ kind: 'invalid', text });
const answered = (kind: ErrorKind, rpc: RpcCode, text: (facts: ErrorFacts) => string): ErrorEntry => ({
  kind,
  rpc,
  text,
});
const quoted = (value: unknown) => JSON.stringify(value);

/** Errors raised by model. A code is stable API: add, never rename. */
export const modelErrors = {
  // Reading JSON: texts of Go's encoding/json and of Docker's reader around it.
  'json-empty': plain(() => 'got EOF while reading request body'),
  'json-cut': plain(() => 'unexpected EOF'),
  'json-ended': plain(() => 'unexpected end of JSON input'),
  'json-syntax': plain(({ character, where }) => `invalid character ${character} ${where}`),
  'json-trailing': plain(() => 'unexpected content after JSON'),
  'json-type': plain(({ value, field, type }) =>
    field === undefined
      ? `json: cannot unmarshal ${value} into Go value of type ${type}`
      : `json: cannot unmarshal ${value} into Go struct field ${field} of type ${type}`,
  ),
  'json-base64': plain(({ offset }) => `illegal base64 data at input byte ${offset}`),
  'json-time': plain(({ value }) => `parsing time ${quoted(value)} as "2006-01-02T15:04:05Z07:00": cannot parse it`),
  'json-too-deep': plain(() => 'exceeded max depth'),
  'json-too-large': plain(({ limit }) => `the document has more than ${limit} characters`),

  // Names.
  'name-missing': refused(() => 'name must be provided'),
  'meta-name-missing': refused(() => 'meta: name must be provided'),
  'name-not-dns': refused(() => 'name must be valid as a DNS name component'),
  'name-too-long': refused(() => 'name must be 63 characters or fewer'),
  'secret-name-invalid': refused(
    () =>
      'invalid name, only 64 [a-zA-Z0-9-_.] characters allowed, and the start and end character must be [a-zA-Z0-9]',
  ),
  'network-name-invalid': { kind: 'internal', text: ({ name }) => `invalid name: ${name}` },
  'swarm-name-invalid': plain(() => 'swarm spec must be named "default"'),

  // Services, in the order in which Swarm checks.
  'runtime-mismatch': plain(() => 'mismatched Runtime and *Spec fields'),
  'runtime-unsupported': plain(() => 'unsupported runtime'),
  'plugin-mode': plain(() => 'plugins must not use replicated mode'),
  'plugin-experimental': { kind: 'internal', text: () => 'runtime type "plugin" only supported in experimental' },
  'credential-spec-invalid': plain(({ why }) => `invalid CredentialSpec: ${why}`),
  'seccomp-mode-invalid': plain(({ value }) => `invalid seccomp mode: ${quoted(value)}`),
  'apparmor-mode-invalid': plain(({ value }) => `invalid AppArmor mode: ${quoted(value)}`),
  'config-reference-invalid': plain(({ why }) => `invalid Config: ${why}`),
  'mount-type-invalid': plain(({ value }) => `invalid MountType: ${quoted(value)}`),
  'mount-propagation-invalid': plain(({ value }) => `invalid MountPropagation: ${quoted(value)}`),
  'restart-condition-invalid': plain(({ value }) => `invalid RestartCondition: ${quoted(value)}`),
  'update-action-invalid': plain(({ value }) => `unrecognized update failure action ${value}`),
  'update-order-invalid': plain(({ value }) => `unrecognized update order ${value}`),
  'resolution-mode-invalid': plain(({ value }) => `invalid resolution mode: ${quoted(value)}`),
  'service-modes': plain(() => 'must specify only one service mode'),
  'cpu-too-small': refused(({ cpus }) => `invalid cpu value ${cpus}: Must be at least 0.001`),
  'memory-too-small': refused(({ bytes }) => `invalid memory value ${bytes}: Must be at least 4MiB`),
  'swap-without-limit': refused(() => 'memory swap provided, but no memory-limit was set'),
  'duration-negative': refused(({ name }) => `TaskSpec: ${name} cannot be negative`),
  'failure-ratio-invalid': refused(() => 'TaskSpec: update-maxfailureratio cannot be less than 0 or bigger than 1'),
  'constraint-no-operator': answered('internal', 'Unknown', () => 'constraint expected one operator from ==, !='),
  'constraint-key-invalid': answered('internal', 'Unknown', ({ key }) => `key '${key}' is invalid`),
  'constraint-value-invalid': answered('internal', 'Unknown', ({ value }) => `value '${value}' is invalid`),
  'reference-malformed': refused(({ object }) => `malformed ${object} reference`),
  'reference-no-target': refused(({ object }) => `malformed ${object} reference, no target provided`),
  'reference-no-file-name': refused(
    ({ object }) => `malformed file ${object} reference, invalid target file name provided`,
  ),
  'reference-conflict': refused(
    ({ object, first, second, target }) =>
      `${object} references '${first}' and '${second}' have a conflicting target: '${target}'`,
  ),
  'credential-config-missing': refused(
    ({ id }) =>
      `CredentialSpec references config '${id}', but that config isn't in config references with RuntimeTarget`,
  ),
  'references-not-found': refused(({ object, names, isMany }) => `${object}${isMany ? 's' : ''} not found: ${names}`),
  'template-invalid': refused(({ why }) => String(why)),
  'image-missing': refused(() => 'ContainerSpec: image reference must be provided'),
  'image-invalid': refused(({ image }) => `ContainerSpec: ${quoted(image)} is not a valid repository/tag`),
  'mount-duplicate': refused(({ target }) => `ContainerSpec: duplicate mount point: ${target}`),
  'healthcheck-too-short': refused(({ name }) => `ContainerSpec: ${name} in HealthConfig cannot be less than 1ms`),
  'healthcheck-retries': refused(() => 'ContainerSpec: Retries in HealthConfig cannot be negative'),
  'replicas-invalid': refused(() => 'Number of replicas must be non-negative'),
  'job-concurrency-invalid': refused(() => 'Maximum concurrent jobs must not be negative'),
  'job-completions-invalid': refused(() => 'Total completed jobs must not be negative'),
  'job-update-config': refused(() => 'Jobs may not have an update config'),
  'ports-dnsrr': refused(() => "EndpointSpec: port published with ingress mode can't be used with dnsrr mode"),
  'ports-duplicate': refused(() => 'EndpointSpec: duplicate published ports provided'),
  'port-in-use': refused(
    ({ port, service, id, how }) => `port '${port}' is already in use by service '${service}' (${id}) as ${how} port`,
  ),
  'network-is-ingress': refused(
    ({ name }) => `Service cannot be explicitly attached to the ingress network ${quoted(name)}`,
  ),
  /** What Swarm accepts though it can never run; refused here, on purpose (behaviour reference 16). */
  'never-works': refused(({ what }) => String(what)),
  'label-unknown': refused(
    ({ label, nearest }) =>
      `unknown label ${quoted(label)}: Ruche knows all labels that begin with "ruche."` +
      (nearest === undefined ? ', and there is none like it' : `; did you mean ${quoted(nearest)}?`),
  ),
  'label-value-invalid': refused(({ label, value, expected }) => `label ${label}: ${quoted(value)} is not ${expected}`),

  // Nodes, secrets, configs.
  'node-role-invalid': plain(({ value }) => `invalid Role: ${quoted(value)}`),
  'node-availability-invalid': plain(({ value }) => `invalid Availability: ${quoted(value)}`),
  'secret-data-size': refused(() => 'secret data must be larger than 0 and less than 512000 bytes'),
  'secret-driver-name': refused(() => 'secret driver must have a name'),
  'secret-driver-unknown': answered('internal', 'Unknown', ({ name }) => `plugin ${quoted(name)} not found`),
  'config-data-size': refused(() => 'config data must be larger than 0 and less than 1024000 bytes'),
  'only-labels': refused(() => 'only updates to Labels are allowed'),
  'object-in-use': refused(
    ({ object, name, services, isMany }) =>
      `${object} '${name}' is in use by the following service${isMany ? 's' : ''}: ${services}`,
  ),

  // Networks.
  'subnet-invalid': {
    kind: 'internal',
    text: ({ subnet }) => `Invalid subnet ${subnet} : invalid CIDR address: ${subnet}`,
  },
  'ip-range-invalid': refused(({ range }) => `ipam configuration: invalid range ${range}`),
  'ip-range-outside': refused(
    ({ subnet, range }) => `ipam configuration: subnet ${subnet} does not contain range ${range}`,
  ),
  'gateway-invalid': refused(({ gateway }) => `ipam configuration: invalid gateway ${gateway}`),
  'gateway-outside': refused(
    ({ subnet, gateway }) => `ipam configuration: subnet ${subnet} does not contain gateway ${gateway}`,
  ),
  'ipam-driver-unknown': refused(({ name }) => `error during lookup of plugin ${name}`),
  'network-driver-unknown': { kind: 'notFound', text: ({ name }) => `plugin ${quoted(name)} not found` },
  'network-scope-downgrade': {
    kind: 'forbidden',
    text: () => 'cannot downgrade network scope for overlay networks',
  },
  'ingress-attachable': refused(() => 'ingress network cannot be attachable'),
  'ingress-not-global': { kind: 'forbidden', text: () => 'Ingress network can only be global scope network' },

  // The swarm's settings.
  'certificate-expiry-too-short': refused(() => 'minimum certificate expiry time is: 1h0m0s'),
  'heartbeat-negative': refused(() => 'heartbeat time period cannot be a negative duration'),
  'signing-certificate-missing': refused(
    () => 'if a signing CA key is provided, the signing CA cert must also be provided',
  ),
  'external-ca-protocol': plain(({ value }) => `invalid protocol: ${quoted(value)}`),
  'init-settings-refused': { kind: 'internal', text: ({ why }) => `error updating cluster settings: ${why}` },
  'init-availability': { kind: 'internal', text: ({ value }) => `invalid Availability: ${quoted(value)}` },
  'data-path-port-invalid': {
    kind: 'internal',
    text: ({ port }) => `Datapath port number is not in valid range (1024-49151) : ${port}`,
  },
  'subnet-size-invalid': { kind: 'internal', text: ({ size }) => `subnet size is out of range: ${size}` },
  'address-pool-invalid': {
    kind: 'internal',
    text: ({ pool }) => `invalid base pool ${pool}: invalid CIDR address: ${pool}`,
  },
  'address-pool-too-small': {
    kind: 'internal',
    text: ({ pool, size }) => `invalid CIDR: ${quoted(pool)}. Subnet size is too small for pool: ${size}`,
  },
} as const satisfies ErrorTable;
