/** Which rooms each room may import; see docs/architecture.md. base ← model ← {raft, store} ← control ← {manager, agent, api} ← {daemon, cli, lab}. */
export const allowedImports: Readonly<Record<string, readonly string[]>> = {
  base: [],
  model: ['base'],
  raft: ['base'],
  store: ['base', 'model'],
  control: ['base', 'model', 'store'],
  stack: ['base', 'model'],
  network: ['base', 'model'],
  rpc: ['base', 'model'],
  files: [],
  engine: ['base', 'model', 'files'],
  wal: ['base', 'files'],
  ca: ['base', 'model', 'files'],
  agent: ['base', 'model', 'files', 'rpc', 'engine', 'network'],
  manager: ['base', 'model', 'store', 'control', 'raft', 'wal', 'ca', 'rpc'],
  api: ['base', 'model', 'store', 'control', 'engine'],
  cli: ['base', 'model', 'api', 'daemon'],
  daemon: [
    'base',
    'model',
    'files',
    'store',
    'control',
    'network',
    'engine',
    'wal',
    'ca',
    'rpc',
    'agent',
    'manager',
    'api',
  ],
};

/** Folders that import no `node:*` and name no clock, chance or process. */
export const pureFolders: readonly string[] = [
  'src/base/',
  'src/model/',
  'src/raft/',
  'src/store/',
  'src/control/',
  'src/stack/',
  'src/network/plan/',
];

/** May only shrink. */
export const exceptions: { readonly longFiles: readonly string[] } = { longFiles: [] };
