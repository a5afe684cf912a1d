import { Refusal } from '../../base/index.ts';
import { canonical } from '../json/canonical.ts';
import type { Integer } from '../json/schema.ts';
import { checkDnsName } from '../names.ts';
import { parseConstraints } from '../node/constraint.ts';
import { canonicalServiceSpec } from './canonical.ts';
import type { ContainerSpec, Healthcheck, ResourceRequirements } from './container-spec.ts';
import { checkConversion } from './convert-checks.ts';
import { isImageName } from './image-name.ts';
import { checkPossible } from './impossible.ts';
import { checkServiceLabels } from './labels.ts';
import { checkReferences } from './references.ts';
import {
  type EndpointSpec,
  type ServiceMode,
  type ServiceSpec,
  serviceSpecSchema,
  type TaskSpec,
  type UpdateConfig,
} from './service-spec.ts';
import { checkTemplates } from './template-check.ts';

const MIN_NANO_CPUS = 1e6;
const MIN_MEMORY_BYTES = 4 * 1024 * 1024;
const MIN_HEALTH_NS = 1_000_000;
/** Swarm keeps counts as unsigned and refuses those that would be negative as signed. */
const MAX_COUNT = 2n ** 63n - 1n;

/**
 * A service's spec as it is stored, of one that a client sent and that has a name. Refuses what Swarm refuses, in the order in which
 * Swarm checks and with its texts; what other objects have to say (name taken, ports, secrets, networks) is the caller's to check.
 */
export function acceptServiceSpec(sent: ServiceSpec, apiMinor: number): ServiceSpec {
  // What an older client can't mean is taken away before anything is checked.
  checkConversion(canonical(serviceSpecSchema, sent, apiMinor), apiMinor);
  const spec = canonicalServiceSpec(sent, apiMinor);
  checkServiceSpec(spec);
  return spec;
}

/** Refuses what the store's API of Swarm refuses of a spec in canonical form, then what can never work. */
export function checkServiceSpec(spec: ServiceSpec): void {
  checkDnsName(spec.Name);
  checkTask(spec.TaskTemplate ?? {});
  checkMode(spec.Mode ?? {});
  if (spec.Mode?.ReplicatedJob !== undefined || spec.Mode?.GlobalJob !== undefined) {
    if (spec.UpdateConfig !== undefined) throw new Refusal('job-update-config');
  } else checkUpdate(spec.UpdateConfig);
  checkEndpoint(spec.EndpointSpec);
  checkServiceLabels(spec.Labels ?? {});
  checkPossible(spec);
}

function checkTask(task: TaskSpec): void {
  checkResources(task.Resources ?? {});
  checkDuration(task.RestartPolicy?.Delay, 'restart-delay');
  checkDuration(task.RestartPolicy?.Window, 'restart-window');
  parseConstraints(task.Placement?.Constraints ?? []);
  if (task.ContainerSpec === undefined) return;
  checkReferences(task.ContainerSpec);
  checkContainer(task.ContainerSpec);
}

function checkResources(resources: ResourceRequirements): void {
  for (const { NanoCPUs = 0, MemoryBytes = 0 } of [resources.Limits ?? {}, resources.Reservations ?? {}]) {
    if (NanoCPUs !== 0 && NanoCPUs < MIN_NANO_CPUS) {
      throw new Refusal('cpu-too-small', { cpus: formatFloat(Number(NanoCPUs) / 1e9) });
    }
    if (MemoryBytes !== 0 && MemoryBytes < MIN_MEMORY_BYTES) {
      throw new Refusal('memory-too-small', { bytes: String(MemoryBytes) });
    }
  }
  const memory = resources.Limits?.MemoryBytes ?? 0;
  if (resources.SwapBytes !== undefined && memory === 0) throw new Refusal('swap-without-limit');
}

/** A float as Go's `%g` prints it. */
function formatFloat(value: number): string {
  const [mantissa, exponent = '0'] = value.toExponential().split('e');
  if (value === 0 || (Number(exponent) >= -4 && Number(exponent) < 21)) return String(value);
  const digits = exponent.replace(/^[+-]/, '').padStart(2, '0');
  return `${mantissa}e${exponent.startsWith('-') ? '-' : '+'}${digits}`;
}

function checkDuration(value: Integer | undefined, name: string): void {
  if (value !== undefined && value < 0) throw new Refusal('duration-negative', { name });
}

function checkContainer(container: ContainerSpec): void {
  checkTemplates(container);
  if (container.Image === undefined) throw new Refusal('image-missing');
  if (!isImageName(container.Image)) throw new Refusal('image-invalid', { image: container.Image });
  const targets = new Set<string>();
  for (const { Target: target = '' } of container.Mounts ?? []) {
    if (targets.has(target)) throw new Refusal('mount-duplicate', { target });
    targets.add(target);
  }
  checkHealthcheck(container.Healthcheck ?? {});
}

function checkHealthcheck(check: Healthcheck): void {
  for (const name of ['Interval', 'Timeout', 'StartPeriod', 'StartInterval'] as const) {
    const value = check[name] ?? 0;
    if (value !== 0 && value < MIN_HEALTH_NS) throw new Refusal('healthcheck-too-short', { name });
  }
  if ((check.Retries ?? 0) < 0) throw new Refusal('healthcheck-retries');
}

function checkMode(mode: ServiceMode): void {
  if ((mode.Replicated?.Replicas ?? 0) > MAX_COUNT) throw new Refusal('replicas-invalid');
  if ((mode.ReplicatedJob?.MaxConcurrent ?? 0) > MAX_COUNT) throw new Refusal('job-concurrency-invalid');
  if ((mode.ReplicatedJob?.TotalCompletions ?? 0) > MAX_COUNT) throw new Refusal('job-completions-invalid');
}

function checkUpdate(config: UpdateConfig | undefined): void {
  checkDuration(config?.Delay, 'update-delay');
  checkDuration(config?.Monitor, 'update-monitor');
  const ratio = config?.MaxFailureRatio ?? 0;
  if (ratio < 0 || ratio > 1) throw new Refusal('failure-ratio-invalid');
}

function checkEndpoint(endpoint: EndpointSpec | undefined): void {
  const published = new Set<string>();
  for (const port of endpoint?.Ports ?? []) {
    if (endpoint?.Mode === 'dnsrr' && port.PublishMode === 'ingress') throw new Refusal('ports-dnsrr');
    if (port.PublishedPort === undefined) continue;
    const key = `${port.PublishedPort}/${port.Protocol}`;
    if (published.has(key)) throw new Refusal('ports-duplicate');
    published.add(key);
  }
}
