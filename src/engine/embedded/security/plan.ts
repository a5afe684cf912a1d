import { Refusal } from '../../../base/index.ts';
import type { ContainerCreate } from '../../port/container.ts';
import type { HostFacts } from '../host/facts.ts';
import type { ContainerPlan } from '../spec/build.ts';
import { resolveCapabilities } from './capabilities.ts';
import { parseSecurityOptions } from './options.ts';
import { resolveUlimits } from './rlimits.ts';
import { parseSeccompProfile, resolveDefaultSeccomp, resolveSeccomp } from './seccomp.ts';

export type ProcessRights = Pick<ContainerPlan, 'capabilities' | 'noNewPrivileges' | 'appArmorProfile' | 'rlimits'>;

/** What a container's processes may do, its first and those of `exec` alike. */
export function processRights(host: HostFacts, create: ContainerCreate): ProcessRights {
  const config = create.HostConfig ?? {};
  const options = parseSecurityOptions(config.SecurityOpt ?? []);
  const appArmorProfile =
    host.appArmorProfile === undefined ? undefined : (options.appArmorProfile ?? host.appArmorProfile);
  return {
    capabilities: resolveCapabilities(config.CapAdd ?? [], config.CapDrop ?? [], host.capabilities),
    noNewPrivileges: options.noNewPrivileges,
    ...(appArmorProfile === undefined ? {} : { appArmorProfile }),
    rlimits: resolveUlimits(config.Ulimits ?? [], host.limitCeilings),
  };
}

/** Rights, system call filter and standing when memory runs out. */
export function securityPlan(
  host: HostFacts,
  create: ContainerCreate,
): ProcessRights & Pick<ContainerPlan, 'seccomp' | 'oomScoreAdj'> {
  const config = create.HostConfig ?? {};
  const rights = processRights(host, create);
  const asked = parseSecurityOptions(config.SecurityOpt ?? []).seccomp;
  const target = { capabilities: rights.capabilities, architecture: host.architecture, kernel: host.kernel };
  const seccomp =
    asked.kind === 'default'
      ? resolveDefaultSeccomp(host.seccomp, target)
      : asked.kind === 'profile'
        ? resolveSeccomp(parseSeccompProfile(asked.text, 'this container'), target)
        : undefined;
  const oomScoreAdj = Number(config.OomScoreAdj ?? 0);
  if (oomScoreAdj < -1000 || oomScoreAdj > 1000)
    throw new Refusal('container-resources-invalid', {
      why: `Invalid value ${oomScoreAdj}, range for oom score adj is [-1000, 1000]`,
    });
  return {
    ...rights,
    ...(seccomp === undefined ? {} : { seccomp }),
    // Nobody lowers the score below their own without CAP_SYS_RESOURCE; runc would fail.
    oomScoreAdj: host.capabilities.has('CAP_SYS_RESOURCE') ? oomScoreAdj : Math.max(oomScoreAdj, host.ownOomScoreAdj),
  };
}
