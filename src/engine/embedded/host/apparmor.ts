import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Refusal, Unavailable } from '../../../base/index.ts';
import { runCommand } from './command.ts';
import { readIfThere } from './process.ts';

const LOADED_PROFILES = '/sys/kernel/security/apparmor/profiles';
/** dockerd's; used where it is loaded, so that containers of both are held alike. */
const DOCKER_PROFILE = 'docker-default';
const OWN_PROFILE = 'ruche-default';

/** As strict as Docker's default: files and network are free, the kernel's own files and mounting are not. */
const profileText = `#include <tunables/global>

profile ${OWN_PROFILE} flags=(attach_disconnected,mediate_deleted) {
  #include <abstractions/base>

  network,
  capability,
  file,
  umount,

  signal (receive) peer=unconfined,
  signal (receive) peer=runc,
  signal (send,receive) peer=${OWN_PROFILE},
  ptrace (trace,read,tracedby,readby) peer=${OWN_PROFILE},

  deny mount,
  deny @{PROC}/* w,
  deny @{PROC}/{[^1-9],[^1-9][^0-9],[^1-9s][^0-9y][^0-9s],[^1-9][^0-9][^0-9][^0-9]*}/** w,
  deny @{PROC}/sys/[^k]** w,
  deny @{PROC}/sys/kernel/{?,??,[^s][^h][^m]**} w,
  deny @{PROC}/sysrq-trigger rwklx,
  deny @{PROC}/kcore rwklx,
  deny /sys/[^f]*/** wklx,
  deny /sys/f[^s]*/** wklx,
  deny /sys/fs/[^c]*/** wklx,
  deny /sys/fs/c[^g]*/** wklx,
  deny /sys/fs/cg[^r]*/** wklx,
  deny /sys/firmware/** rwklx,
  deny /sys/devices/virtual/powercap/** rwklx,
  deny /sys/kernel/security/** rwklx,
}
`;

/** Whether the kernel has AppArmor switched on. */
async function isEnabled(): Promise<boolean> {
  return (await readIfThere('/sys/module/apparmor/parameters/enabled'))?.trim() === 'Y';
}

/**
 * Name of the profile that containers get by default, loaded; `undefined` on a host without AppArmor. Refuses where the host has it
 * but the profile can't be loaded: running without it would be a silent loss of security.
 */
export async function defaultAppArmorProfile(
  runDirectory: string,
  parserPath: string | undefined,
): Promise<string | undefined> {
  if (!(await isEnabled())) return undefined;
  const loaded = ((await readIfThere(LOADED_PROFILES)) ?? '').split('\n').map((line) => line.split(' ')[0]);
  for (const name of [DOCKER_PROFILE, OWN_PROFILE]) if (loaded.includes(name)) return name;
  if (parserPath === undefined)
    throw new Refusal('engine-tool-missing', { tool: 'apparmor_parser', package: 'apparmor' });
  const path = join(runDirectory, OWN_PROFILE);
  await writeFile(path, profileText, { mode: 0o600 });
  const { code, stderr } = await runCommand(parserPath, ['--skip-cache', '--replace', path]);
  if (code !== 0) throw new Unavailable('engine-tool-failed', { tool: 'apparmor_parser', why: stderr.trim() });
  return OWN_PROFILE;
}
