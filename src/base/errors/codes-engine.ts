import type { ErrorTable } from './kinds.ts';

/** Errors raised by engine. A code is stable API: add, never rename. */
export const engineErrors = {
  'container-name-taken': {
    kind: 'conflict',
    text: ({ name }) =>
      `Conflict. The container name "/${name}" is already in use. You have to remove (or rename) that container to be able to reuse that name.`,
  },
  // Of the embedded engine; texts are the Docker Engine's where it has the same case.
  'container-unknown': { kind: 'notFound', text: ({ name }) => `No such container: ${name}` },
  'container-ambiguous': {
    kind: 'notFound',
    text: ({ name }) => `Multiple IDs found with provided prefix: ${name}`,
  },
  'container-name-invalid': {
    kind: 'invalid',
    text: ({ name }) => `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
  },
  'container-no-command': { kind: 'invalid', text: () => 'no command specified' },
  'container-field-not-built': {
    kind: 'notImplemented',
    text: ({ field, value }) => `${field}=${value} is not built yet on the embedded engine: leave it out`,
  },
  'container-working-directory-invalid': {
    kind: 'invalid',
    text: ({ path }) => `the working directory '${path}' is invalid, it needs to be an absolute path`,
  },
  'container-environment-invalid': { kind: 'invalid', text: ({ entry }) => `invalid environment variable: ${entry}` },
  'container-capability-unknown': {
    kind: 'invalid',
    text: ({ side, name }) => `invalid ${side}: unknown capability: "${name}"`,
  },
  'container-capability-not-permitted': {
    kind: 'invalid',
    text: ({ name }) =>
      `invalid CapAdd: capability not supported by your kernel or not available in the current environment: "${name}"`,
  },
  'container-security-option-invalid': { kind: 'invalid', text: ({ option }) => `invalid --security-opt: "${option}"` },
  'container-seccomp-invalid': {
    kind: 'invalid',
    text: ({ where, why }) => `decoding seccomp profile of ${where} failed: ${why}`,
  },
  'container-ulimit-invalid': { kind: 'invalid', text: ({ name, why }) => `invalid ulimit ${name}: ${why}` },
  'container-user-unknown': { kind: 'invalid', text: ({ why }) => `${why}` },
  'container-host-entry-invalid': { kind: 'invalid', text: ({ entry }) => `bad format for add-host: "${entry}"` },
  'container-mount-invalid': {
    kind: 'invalid',
    text: ({ type, why }) => `invalid mount config for type "${type}": ${why}`,
  },
  'container-mount-duplicate': { kind: 'invalid', text: ({ target }) => `Duplicate mount point: ${target}` },
  'container-bind-invalid': { kind: 'invalid', text: ({ bind }) => `invalid volume specification: '${bind}'` },
  'container-resources-invalid': { kind: 'invalid', text: ({ why }) => `${why}` },
  'container-sysctl-invalid': {
    kind: 'invalid',
    text: ({ name }) => `sysctl "${name}" is not in a separate kernel namespace of the container`,
  },
  'container-signal-invalid': { kind: 'invalid', text: ({ signal }) => `invalid signal: ${signal}` },
  'container-log-option-invalid': {
    kind: 'invalid',
    text: ({ name, value }) => `invalid value for "${name}": "${value}"`,
  },
  'container-logs-unreadable': {
    kind: 'notImplemented',
    text: () => 'configured logging driver does not support reading',
  },
  'container-not-running': { kind: 'conflict', text: ({ id }) => `Container ${id} is not running` },
  'container-being-removed': {
    kind: 'conflict',
    text: ({ id }) => `removal of container ${id} is already in progress`,
  },
  'container-command-not-runnable': {
    kind: 'invalid',
    text: ({ why }) => `OCI runtime create failed: ${why}: unknown`,
  },
  'container-start-failed': { kind: 'internal', text: ({ why }) => `OCI runtime create failed: ${why}: unknown` },
  'container-filter-invalid': { kind: 'invalid', text: ({ name, value }) => `invalid filter '${name}=${value}'` },
  'exec-unknown': { kind: 'notFound', text: ({ id }) => `No such exec instance: ${id}` },
  'exec-no-command': { kind: 'invalid', text: () => 'No exec command specified' },
  'exec-started-already': { kind: 'conflict', text: ({ id }) => `Error: Exec command ${id} has already run` },
  'exec-failed': { kind: 'invalid', text: ({ why }) => `OCI runtime exec failed: exec failed: ${why}: unknown` },
  'exec-input-closed': { kind: 'unavailable', text: () => 'the process does not read its input any more' },
  'volume-copy-failed': {
    kind: 'unavailable',
    text: ({ name, why }) => `failed to copy the image's content into volume ${name}: ${why}`,
  },
  'engine-tool-failed': { kind: 'unavailable', text: ({ tool, why }) => `${tool} failed: ${why}` },
  'engine-tool-missing': {
    kind: 'unavailable',
    text: ({ tool, package: name }) => `${tool} is missing: install it, for example with "apt-get install ${name}"`,
  },
  'engine-needs-root': {
    kind: 'unavailable',
    text: () => 'the embedded engine needs root: start the daemon with sudo',
  },
  'engine-architecture-unsupported': {
    kind: 'unavailable',
    text: ({ architecture }) => `the embedded engine does not run on ${architecture}: use a Docker Engine`,
  },
  'engine-record-version': {
    kind: 'unavailable',
    text: ({ path, version }) =>
      `${path} has format ${version}, which this version can't read: use the version that wrote it`,
  },
  'engine-events-lost': {
    kind: 'unavailable',
    text: () => 'the reader of events was too slow and has lost some: list the containers again',
  },
  'engine-closed': { kind: 'unavailable', text: () => 'the engine has been closed' },

  // Docker Engines. `engine-said-*` carry the engine's own text, one code for each kind of answer.
  'engine-address-invalid': {
    kind: 'invalid',
    text: ({ address }) =>
      `the Docker Engine's address ${JSON.stringify(address)} can't be used: say unix:///path/docker.sock or tcp://host:port`,
  },
  'engine-unreachable': {
    kind: 'unavailable',
    text: ({ address, why }) =>
      `Cannot connect to the Docker Engine at ${address}: ${why}. Is the docker daemon running?`,
  },
  'engine-connection-lost': {
    kind: 'unavailable',
    text: ({ address, why }) => `the connection to the Docker Engine at ${address} was lost: ${why}`,
  },
  'engine-answer-malformed': {
    kind: 'unavailable',
    text: ({ address, what, why }) =>
      `the Docker Engine at ${address} gave an answer to ${what} that can't be read: ${why}`,
  },
  'engine-too-old': {
    kind: 'notImplemented',
    text: ({ address, version, minimum }) =>
      `the Docker Engine at ${address} speaks API ${version}, at least ${minimum} is needed: upgrade it to Docker 19.03 or newer, or use the embedded engine`,
  },
  'engine-too-new': {
    kind: 'notImplemented',
    text: ({ address, minimum, maximum }) =>
      `the Docker Engine at ${address} speaks API ${minimum} or newer, this version of Ruche up to ${maximum}: upgrade Ruche, or use the embedded engine`,
  },
  'engine-in-swarm-mode': {
    kind: 'conflict',
    text: ({ address }) =>
      `the Docker Engine at ${address} is in swarm mode itself: run "docker swarm leave" there (with --force on its last manager), or use the embedded engine`,
  },
  'engine-field-too-old': {
    kind: 'notImplemented',
    text: ({ field, needs, has }) =>
      `${field} needs Docker Engine API ${needs}, the engine of this node speaks ${has}: leave it out or upgrade the engine`,
  },
  'engine-volume-prune-anonymous': {
    kind: 'notImplemented',
    text: ({ needs, has }) =>
      `pruning anonymous volumes only needs Docker Engine API ${needs}, the engine of this node speaks ${has}: prune all unused volumes (--all), or upgrade the engine`,
  },
  'engine-network-namespace': {
    kind: 'notImplemented',
    text: () => 'a Docker Engine makes the network namespaces of its containers itself and takes none by path',
  },
  'engine-said-invalid': { kind: 'invalid', text: ({ text }) => String(text) },
  'engine-said-unauthorized': { kind: 'unauthorized', text: ({ text }) => String(text) },
  'engine-said-forbidden': { kind: 'forbidden', text: ({ text }) => String(text) },
  'engine-said-not-found': { kind: 'notFound', text: ({ text }) => String(text) },
  'engine-said-conflict': { kind: 'conflict', text: ({ text }) => String(text) },
  'engine-said-failed': { kind: 'internal', text: ({ text }) => String(text) },
  'engine-said-not-implemented': { kind: 'notImplemented', text: ({ text }) => String(text) },
  'engine-said-unavailable': { kind: 'unavailable', text: ({ text }) => String(text) },
} as const satisfies ErrorTable;
