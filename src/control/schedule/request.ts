import {
  type Constraint,
  maxReplicasPerNode,
  parseConstraints,
  reservations,
  type ServiceId,
  type TaskTemplate,
} from '../../model/index.ts';

/** What a task of a template asks of a node. Made once a template; numbers are plain so that the hot path does no conversions. */
export interface Request {
  readonly serviceId: ServiceId;
  readonly nanoCpus: number;
  readonly memoryBytes: number;
  /** Discrete amounts by kind. */
  readonly generic: ReadonlyArray<{ readonly kind: string; readonly amount: number }>;
  readonly constraints: readonly Constraint[];
  readonly platforms: ReadonlyArray<{ readonly architecture: string; readonly os: string }>;
  readonly volumeDrivers: readonly string[];
  readonly logDriver: string | undefined;
  /** `tcp/8080` of ports that the node itself publishes. */
  readonly hostPorts: readonly string[];
  /** Tasks of the service on one node; 0 is no limit. */
  readonly maxReplicas: number;
  /** Labels to spread over, outermost first. */
  readonly spread: ReadonlyArray<{ readonly owner: 'node' | 'engine'; readonly label: string }>;
}

const requests = new WeakMap<TaskTemplate, Request>();

export function requestOf(template: TaskTemplate): Request {
  const known = requests.get(template);
  if (known !== undefined) return known;
  const request = compile(template);
  requests.set(template, request);
  return request;
}

function compile(template: TaskTemplate): Request {
  const { Spec, EndpointSpec } = template;
  const reserved = reservations(Spec);
  return {
    serviceId: template.ServiceID,
    nanoCpus: reserved.nanoCpus,
    memoryBytes: reserved.memoryBytes,
    generic: reserved.generic.flatMap(({ DiscreteResourceSpec }) =>
      DiscreteResourceSpec === undefined
        ? []
        : [{ kind: DiscreteResourceSpec.Kind ?? '', amount: Number(DiscreteResourceSpec.Value ?? 0) }],
    ),
    constraints: parseConstraints(Spec.Placement?.Constraints ?? []),
    platforms: (Spec.Placement?.Platforms ?? []).map(({ Architecture, OS }) => ({
      architecture: canonicalArchitecture(Architecture ?? ''),
      os: OS ?? '',
    })),
    volumeDrivers: volumeDrivers(template),
    logDriver: Spec.LogDriver?.Name,
    hostPorts: (EndpointSpec?.Ports ?? [])
      .filter(({ PublishMode, PublishedPort }) => PublishMode === 'host' && (PublishedPort ?? 0) > 0)
      .map(({ Protocol, PublishedPort }) => `${Protocol ?? 'tcp'}/${PublishedPort}`),
    maxReplicas: maxReplicasPerNode(Spec),
    spread: (Spec.Placement?.Preferences ?? []).flatMap(({ Spread }) => spreadOf(Spread?.SpreadDescriptor ?? '')),
  };
}

/** Go's and the kernel's name of an architecture are the same one. */
export function canonicalArchitecture(name: string): string {
  if (name === 'x86_64') return 'amd64';
  return name === 'aarch64' ? 'arm64' : name;
}

function volumeDrivers({ Spec }: TaskTemplate): string[] {
  const drivers = (Spec.ContainerSpec?.Mounts ?? []).map(
    ({ VolumeOptions }) => VolumeOptions?.DriverConfig?.Name ?? '',
  );
  return drivers.filter((name) => name !== '' && name !== 'local');
}

/** Unknown descriptors are ignored, as Swarm does: preferences never keep a task from running. */
function spreadOf(descriptor: string): ReadonlyArray<Request['spread'][number]> {
  for (const owner of ['node', 'engine'] as const) {
    const prefix = `${owner}.labels.`;
    if (descriptor.length > prefix.length && descriptor.toLowerCase().startsWith(prefix)) {
      return [{ owner, label: descriptor.slice(prefix.length) }];
    }
  }
  return [];
}
