import type { ErrorTable } from './kinds.ts';

/** Errors raised by api. A code is stable API: add, never rename. */
export const apiErrors = {
  'page-not-found': { kind: 'notFound', text: () => 'page not found' },
  'client-too-old': {
    kind: 'invalid',
    text: ({ version, minimum }) =>
      `client version ${version} is too old. Minimum supported API version is ${minimum}, please upgrade your client to a newer version`,
  },
  'client-too-new': {
    kind: 'invalid',
    text: ({ version, maximum }) => `client version ${version} is too new. Maximum supported API version is ${maximum}`,
  },
  'bad-path-escape': { kind: 'invalid', text: ({ path }) => `invalid URL escape in ${JSON.stringify(path)}` },
  'body-too-large': {
    kind: 'invalid',
    text: ({ limitBytes }) => `http: request body too large: the limit for this call is ${limitBytes} bytes`,
  },
  'body-too-slow': {
    kind: 'invalid',
    text: ({ timeoutMs }) => `the request's body did not arrive within ${timeoutMs} ms`,
  },
  'upgrade-body-chunked': {
    kind: 'invalid',
    text: () => 'a request that upgrades its connection must state the Content-Length of its body',
  },
  'origin-refused': {
    kind: 'forbidden',
    text: ({ header, value }) =>
      `the loopback API refuses ${header} ${JSON.stringify(value)}: it serves local programs only, not web pages`,
  },
  'listener-insecure': {
    kind: 'invalid',
    text: ({ address }) =>
      `refusing to serve the API on tcp://${address} without TLS: set tlsVerify with tlsCa, tlsCert and tlsKey, or for a loopback address insecureLoopback`,
  },
  'listener-not-loopback': {
    kind: 'invalid',
    text: ({ address }) =>
      `--insecure-loopback takes an address of the loopback interface only, not ${address}: anyone who reaches the API is root on this machine`,
  },
  'socket-taken': {
    kind: 'conflict',
    text: ({ path }) => `${path} is served by another process already; stop it, or choose another path with --host`,
  },
  'socket-path-not-a-socket': {
    kind: 'conflict',
    text: ({ path }) => `${path} exists and is not a socket; remove it, or choose another path with --host`,
  },
  'group-unknown': {
    kind: 'invalid',
    text: ({ group }) => `group ${group} is not in /etc/group; create it with: groupadd ${group}`,
  },

  'invalid-version': {
    kind: 'invalid',
    text: ({ object, value, why }) =>
      `invalid ${object} version '${value}': strconv.ParseUint: parsing ${JSON.stringify(value)}: ${why}`,
  },
  'invalid-bool': {
    kind: 'invalid',
    text: ({ name, value }) =>
      `invalid value for ${name}: ${value}: strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`,
  },
  'invalid-flag': { kind: 'invalid', text: ({ name, value }) => `invalid value for ${name}: ${value}` },
  'invalid-filter': { kind: 'invalid', text: ({ key }) => `Invalid filter '${key}'` },
  'invalid-filter-value': { kind: 'internal', text: ({ key, value }) => `Invalid ${key} filter: '${value}'` },
  'malformed-filters': { kind: 'internal', text: ({ why }) => String(why) },
  'malformed-service-filters': { kind: 'invalid', text: ({ why }) => String(why) },

  'not-a-manager': {
    kind: 'unavailable',
    text: () =>
      'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
  },
  'worker-not-manager': {
    kind: 'unavailable',
    text: () =>
      "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. Please run this command on a manager node or promote the current node to a manager.",
  },
  'manager-not-ready': {
    kind: 'unavailable',
    text: () => 'This node is not a swarm manager. Manager is being prepared or has trouble connecting to the cluster.',
  },
  'swarm-locked': {
    kind: 'unavailable',
    text: () =>
      'Swarm is encrypted and needs to be unlocked before it can be used. Please use "docker swarm unlock" to unlock it.',
  },
  'swarm-certificates-expired': {
    kind: 'unavailable',
    text: () => 'Swarm certificates have expired. To replace them, leave the swarm and join again.',
  },
  'not-in-swarm': { kind: 'unavailable', text: () => 'This node is not part of a swarm' },
  'already-in-swarm': {
    kind: 'unavailable',
    text: () =>
      'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join another one.',
  },
  'swarm-not-locked': { kind: 'conflict', text: () => 'swarm is not locked' },
  'leave-last-manager': {
    kind: 'unavailable',
    text: () =>
      'You are attempting to leave the swarm on a node that is participating as a manager. Removing the last manager erases all current state of the swarm. Use `--force` to ignore this message. ',
  },
  'leave-loses-quorum': {
    kind: 'unavailable',
    text: ({ left, total }) =>
      `You are attempting to leave the swarm on a node that is participating as a manager. Removing this node leaves ${left} managers out of ${total}. Without a Raft quorum your swarm will be inaccessible. The only way to restore a swarm that has lost consensus is to reinitialize it with \`--force-new-cluster\`. Use \`--force\` to suppress this message.`,
  },
  'leave-manager': {
    kind: 'unavailable',
    text: () =>
      'You are attempting to leave the swarm on a node that is participating as a manager. The only way to restore a swarm that has lost consensus is to reinitialize it with `--force-new-cluster`. Use `--force` to suppress this message.',
  },

  'listen-address-empty': { kind: 'invalid', text: () => 'invalid ListenAddr "": invalid empty address' },
  'listen-address-bad': {
    kind: 'invalid',
    text: () => 'listen address must be an IP address or network interface (with optional port number)',
  },
  'listen-port-bad': {
    kind: 'internal',
    text: ({ port }) =>
      `manager stopped: failed to listen on remote API address: listen tcp: address ${port}: invalid port`,
  },
  'advertise-address-bad': {
    kind: 'invalid',
    text: () => 'advertise address must be a non-zero IP address or network interface (with optional port number)',
  },
  'data-path-address-bad': {
    kind: 'invalid',
    text: () => 'data path address must be a non-zero IP address or network interface (without a port number)',
  },
  'advertise-address-ambiguous': {
    kind: 'invalid',
    text: ({ where, first, second }) =>
      `could not choose an IP address to advertise since this system has multiple addresses on ${where} (${first} and ${second})`,
  },
  'advertise-address-none': { kind: 'invalid', text: () => "could not find the system's IP address" },
  'remote-address-missing': { kind: 'invalid', text: () => 'at least 1 RemoteAddr is required to join' },

  'object-not-found': { kind: 'notFound', text: ({ object, id }) => `${object} ${id} not found` },
  'object-ambiguous': {
    kind: 'invalid',
    text: ({ object, id, matches }) => `${object} ${id} is ambiguous (${matches} matches found)`,
  },
  'volume-not-found': { kind: 'notFound', text: ({ name }) => `get ${name}: no such volume` },
  'update-out-of-sequence': { kind: 'internal', rpc: 'Unknown', text: () => 'update out of sequence' },
  'changed-meanwhile': {
    kind: 'unavailable',
    text: ({ object }) =>
      `${object} was changed by somebody else again and again while this call was served, try again`,
  },
  'service-name-taken': {
    kind: 'conflict',
    rpc: 'AlreadyExists',
    text: ({ name }) => `name conflicts with an existing object: service ${name} already exists`,
  },
  'service-rename': { kind: 'notImplemented', rpc: 'Unimplemented', text: () => 'renaming services is not supported' },
  'service-mode-change': {
    kind: 'notImplemented',
    rpc: 'Unimplemented',
    text: () => 'service mode change is not allowed',
  },
  'service-no-previous-spec': {
    kind: 'invalid',
    rpc: 'FailedPrecondition',
    text: ({ id }) => `service ${id} does not have a previous spec`,
  },
  'service-network-not-found': { kind: 'internal', text: ({ name }) => `network ${name} not found` },
  'registry-auth-from': { kind: 'internal', text: () => 'unsupported registryAuthFrom value' },
  'rollback-option': { kind: 'internal', text: ({ value }) => `unrecognized rollback option ${value}` },
  'node-demote-last-manager': {
    kind: 'invalid',
    rpc: 'FailedPrecondition',
    text: () => 'attempting to demote the last manager of the swarm',
  },
  'node-is-manager': {
    kind: 'invalid',
    rpc: 'FailedPrecondition',
    text: ({ id }) =>
      `node ${id} is a cluster manager and is a member of the raft cluster. It must be demoted to worker before removal`,
  },
  'node-not-down': {
    kind: 'invalid',
    rpc: 'FailedPrecondition',
    text: ({ id }) => `node ${id} is not down and can't be removed`,
  },

  'logs-no-stream': { kind: 'internal', text: () => 'Bad parameters: you must choose at least one stream' },
  'logs-bad-tail': { kind: 'internal', text: () => 'tail value must be a positive integer or "all"' },
  'logs-negative-tail': { kind: 'internal', text: () => 'negative tail values not supported' },
  'logs-bad-since': {
    kind: 'internal',
    text: ({ value }) =>
      `could not parse since timestamp: strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`,
  },
  'logs-mixed-terminal': {
    kind: 'invalid',
    text: () => 'tasks with and without a terminal have different output formats, ask for their logs one by one',
  },
  'events-bad-time': {
    kind: 'internal',
    text: ({ value }) => `strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`,
  },
  'events-since-after-until': {
    kind: 'invalid',
    text: ({ since, until }) => `\`since\` time (${since}) cannot be after \`until\` time (${until})`,
  },
} as const satisfies ErrorTable;
