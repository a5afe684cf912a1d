import { Refusal } from '../../../base/index.ts';

/** Kernel settings that belong to the container's own IPC namespace. */
const ipc = new Set([
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
]);

/** Docker's: everybody may bind low ports and ping in a network namespace of their own. */
const networkDefaults = {
  'net.ipv4.ip_unprivileged_port_start': '0',
  'net.ipv4.ping_group_range': '0 2147483647',
} as const;

/** Settings of a container; one that would change the host is refused. */
export function resolveSysctls(
  asked: Readonly<Record<string, string>>,
  hasOwnNetwork: boolean,
): Readonly<Record<string, string>> {
  for (const name of Object.keys(asked)) {
    const isOwn = ipc.has(name) || name.startsWith('fs.mqueue.') || (name.startsWith('net.') && hasOwnNetwork);
    if (!isOwn || !/^[a-zA-Z0-9_./-]+$/.test(name) || name.includes('..'))
      throw new Refusal('container-sysctl-invalid', { name });
  }
  return { ...(hasOwnNetwork ? networkDefaults : {}), ...asked };
}
