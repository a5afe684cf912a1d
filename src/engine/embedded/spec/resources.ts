import { Refusal } from '../../../base/index.ts';
import type { HostConfig } from '../../port/container.ts';
import { deviceRules } from '../security/paths.ts';
import type { OciResources } from './oci.ts';

/** Docker's smallest memory limit: below it no process gets going. */
const MIN_MEMORY_BYTES = 6 * 1_048_576;
/** Length of a scheduling period, in microseconds; the kernel's own default and Docker's. */
const CPU_PERIOD_US = 100_000;
const NANO = 1_000_000_000;
/** The kernel refuses a smaller share of a period than this. */
const MIN_CPU_QUOTA_US = 1_000;

export interface ResourceHost {
  readonly cpus: number;
  readonly cgroupVersion: 1 | 2;
  readonly canLimitSwap: boolean;
}

/** A container's limits for runc. Without a swap limit of its own a container may swap as much again as its memory, as in Docker. */
export function resolveResources(config: HostConfig, host: ResourceHost): OciResources {
  const limit = Number(config.Memory ?? 0);
  const swap = Number(config.MemorySwap ?? 0);
  const swappiness = config.MemorySwappiness === undefined ? -1 : Number(config.MemorySwappiness);
  const nanoCpus = Number(config.NanoCpus ?? 0);
  const pids = Number(config.PidsLimit ?? 0);
  const refuse = (why: string): never => {
    throw new Refusal('container-resources-invalid', { why });
  };
  if (limit !== 0 && limit < MIN_MEMORY_BYTES) refuse('Minimum memory limit allowed is 6MB');
  if (swap > 0 && limit === 0) refuse('You should always set the Memory limit when using Memoryswap limit, see usage');
  if (swap > 0 && swap < limit) refuse('Minimum memoryswap limit should be larger than memory limit, see usage');
  if (swappiness < -1 || swappiness > 100)
    refuse(`Invalid value: ${swappiness}, valid memory swappiness range is 0-100`);
  if (nanoCpus < 0 || nanoCpus > host.cpus * NANO)
    refuse(`range of CPUs is from 0.01 to ${host.cpus}.00, as there are only ${host.cpus} CPUs available`);
  const memory = {
    ...(limit > 0 ? { limit } : {}),
    ...(limit > 0 && host.canLimitSwap ? { swap: swap === 0 ? limit * 2 : swap } : {}),
    // cgroup v2 has no swappiness of its own; the kernel's setting holds there.
    ...(swappiness >= 0 && host.cgroupVersion === 1 ? { swappiness } : {}),
  };
  return {
    devices: deviceRules,
    ...(Object.keys(memory).length > 0 ? { memory } : {}),
    ...(nanoCpus > 0
      ? {
          cpu: {
            period: CPU_PERIOD_US,
            quota: Math.max(MIN_CPU_QUOTA_US, Math.round((nanoCpus / NANO) * CPU_PERIOD_US)),
          },
        }
      : {}),
    ...(pids > 0 ? { pids: { limit: pids } } : {}),
  };
}
