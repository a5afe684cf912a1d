import { type Difference, newVersions, notBuilt, notMade, refusedAsImpossible, versionHeader } from './difference.ts';

const ports = 'published ports are not built yet';
const networks = 'networks are not built yet';
const jobs = 'jobs are not built yet';
const impossible = 'better: Docker accepts what can never work (behaviour reference 16)';

const create = (...names: readonly string[]) => names.map((name) => `service create: ${name}`);

const creation: readonly Difference[] = [
  {
    group: 'service-create',
    calls: create(
      'ports same published other protocol',
      'ports duplicate target no published',
      'ports dnsrr with host',
      'ports bad protocol',
      'ports dynamic',
      'ports fixed',
      'ports conflict ingress/ingress',
      'ports conflict ingress/host',
      'ports no conflict other protocol',
      'ports host 8081',
      'ports conflict host/ingress',
      'ports host/host',
      'ports conflict with a dynamic one',
      'ports second dynamic',
    ),
    ours: notBuilt,
    reason: ports,
  },
  {
    group: 'service-create',
    calls: [/^service inspect: ports/, 'service delete: pprot'],
    ours: notMade,
    reason: ports,
  },
  {
    group: 'service-create',
    calls: create(
      'ports too large',
      'ports target 0',
      'ports no target',
      'limits below reservations',
      'limit pids negative',
      'named generic resource',
      'generic discrete negative',
      'RollbackConfig delay negative',
      'RollbackConfig monitor negative',
      'RollbackConfig ratio negative',
      'RollbackConfig ratio above 1',
      'mount no target',
      'mount relative target',
      'mount target root',
      'stop signal bad',
      'dns bad',
      'sysctl bad',
      'ulimit soft above hard',
      'ulimit unknown name',
      'capability unknown',
      'isolation hyperv',
    ),
    ours: refusedAsImpossible,
    reason: impossible,
  },
  {
    group: 'service-create',
    calls: [
      ...create('network bridge', 'network host', 'network host with alias', 'network host and port', 'network none'),
      ...create('network ingress', 'network docker_gwbridge'),
      'network create: for services',
    ],
    ours: notBuilt,
    reason: networks,
  },
  {
    group: 'service-create',
    calls: create(
      'network empty',
      'network twice',
      'network by id prefix',
      'network alias bad',
      'legacy Networks good',
    ),
    ours: [/^status: expected \d+ got 500$/, /^message: .* got "network \w* not found"$/],
    reason: `${networks}: the one that the call names could not be made`,
  },
  { group: 'service-create', calls: [/^service (inspect|delete): legacy Networks/], ours: notMade, reason: networks },
  {
    group: 'service-create',
    calls: create(
      'job with RollbackConfig',
      'job concurrent only',
      'job completions only',
      'job completions 0',
      'job restart any',
    ),
    ours: notBuilt,
    reason: jobs,
  },
  { group: 'service-create', calls: [/^service (inspect|delete): job/], ours: notMade, reason: jobs },
  {
    group: 'service-create',
    calls: create('mount npipe', 'mount npipe good'),
    ours: notBuilt,
    reason: 'named pipes exist on Windows only',
  },
  {
    group: 'service-create',
    calls: create('healthcheck test unknown kind', 'healthcheck test empty'),
    ours: notBuilt,
    reason: 'health checks are not built yet',
  },
  {
    group: 'service-create',
    calls: create('log driver unknown'),
    ours: notBuilt,
    reason: 'log drivers other than json-file, local and none are not built yet',
  },
  {
    group: 'service-create',
    calls: create('every container field'),
    ours: [/^status: expected 201 got 500$/, /^message: .* got "network svn not found"$/],
    reason: `${networks}: the one that the call names could not be made`,
  },
  { group: 'service-create', calls: [/: every container field$/], ours: [...notMade, /got 500$/], reason: networks },
];

const lists: readonly Difference[] = [
  { group: 'service-list', calls: create('list set job1', 'list set gjob'), ours: notBuilt, reason: jobs },
  {
    group: 'service-list',
    calls: ['services list: all', 'services list: status=true', 'services list: runtime container'],
    ours: [': 6 items expected, got 4'],
    reason: `${jobs}: two services less`,
  },
  {
    group: 'service-list',
    calls: ['services list: mode replicated-job', 'services list: mode global-job'],
    ours: [': 1 items expected, got 0'],
    reason: jobs,
  },
  { group: 'service-list', calls: ['service inspect: global job'], ours: notMade, reason: jobs },
];

const updates: readonly Difference[] = [
  {
    group: 'service-update',
    calls: ['tasks list: web after label only (no new tasks)'],
    ours: [': 3 items expected, got 2'],
    reason: 'a task that was scaled down stops within two seconds in Docker, at once here: it is no longer listed',
    mayAgree: true,
  },
  { group: 'service-update', calls: ['network create: for update'], ours: notBuilt, reason: networks },
  {
    group: 'service-update',
    calls: ['service update: network added', 'service update: endpoint mode dnsrr'],
    ours: ['status: expected 200 got 500', 'message: expected undefined got "network unet not found"'],
    reason: networks,
  },
  {
    group: 'service-update',
    calls: [
      'service inspect: web after network added',
      'service inspect: web after dnsrr',
      'service inspect: web after port',
    ],
    ours: [
      /^\.(Spec\.TaskTemplate\.Networks|Endpoint\.\S+): missing$/,
      '.Version.Index: expected "<n, rose>" got "<n, same>"',
      '.Spec.Mode.Replicated.Replicas: expected 1 got 3',
      /^\.UpdateStatus\.(State|Message): expected "(update )?completed" got "rollback[_ ]completed"$/,
    ],
    reason: `${networks}, nor published ports: the update before was refused`,
  },
  { group: 'service-update', calls: ['service update: publish port'], ours: notBuilt, reason: ports },
  {
    group: 'service-update',
    calls: ['network delete: ingress while a service needs it'],
    ours: notBuilt,
    reason: networks,
  },
  { group: 'service-update', calls: [/^network delete: (?!ingress)/], ours: notMade, reason: networks },
];

const taskCalls: readonly Difference[] = [
  {
    group: 'tasks',
    calls: [/^service logs: (stdout|tail [01a]|details|timestamps|follow)/, 'task logs'],
    ours: ['contentType: expected  got application/vnd.docker.raw-stream', versionHeader],
    reason: `newer engines name the type of a log stream, also to clients of API 1.41; ${newVersions}`,
  },
  { group: 'tasks', calls: create('job'), ours: notBuilt, reason: jobs },
  { group: 'tasks', calls: ['tasks list: job tasks', 'service inspect: job done'], ours: notMade, reason: jobs },
  {
    group: 'tasks',
    calls: ['services list: job status'],
    ours: ['.: expected {"RunningTasks":0,"DesiredTasks":2,"CompletedTasks":3} got null'],
    reason: jobs,
  },
  { group: 'service-delete', calls: ['service delete: by id prefix'], ours: [versionHeader], reason: newVersions },
  {
    group: 'service-delete',
    calls: ['tasks list: tasks of deleted job services stay'],
    ours: ['.jobTasksLeft: expected true got false', '.states: 2 items expected, got 0'],
    reason: jobs,
  },
];

/** Differences of the groups about services and tasks. */
export const serviceDifferences: readonly Difference[] = [...creation, ...lists, ...updates, ...taskCalls];
