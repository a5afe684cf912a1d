import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EmbeddedEngine } from '../../src/engine/embedded/index.ts';
import { hasDockerd, startDockerd } from './harness/dockerd.ts';
import {
  type EngineDirectories,
  makeDirectories,
  openEngine,
  removeDirectories,
  runShell,
} from './harness/embedded.ts';

const run = promisify(execFile);

let directories: EngineDirectories;
let engine: EmbeddedEngine;
beforeAll(async () => {
  directories = makeDirectories();
  engine = await openEngine(directories);
});
afterAll(async () => {
  await engine.close();
  removeDirectories(directories);
});

describe('what a container can not do', () => {
  test('make namespaces, mount, or use keys; with CAP_SYS_ADMIN the filter lets it', async () => {
    const { stdout } = await runShell(
      engine,
      'unshare -U true; unshare -m true; mount -t tmpfs x /tmp || echo no mount; grep Seccomp: /proc/self/status',
    );
    expect(stdout).toMatch(/^no mount\nSeccomp:\s+2\n$/);
    const able = await runShell(engine, 'unshare -m true && mount -t tmpfs x /tmp && echo mounted', {
      HostConfig: { CapAdd: ['SYS_ADMIN'] },
    });
    expect(able.stdout).toBe('mounted\n');
  });

  test('read the files that tell of the host or write those that act on it', async () => {
    const { stdout, code } = await runShell(
      engine,
      'cat /proc/keys /proc/timer_list | wc -c; touch /proc/sys/kernel/x 2>&1; echo 1 >/proc/sysrq-trigger; ls /sys/firmware | wc -l; touch /sys/x; exit 0',
    );
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toBe('0');
    expect(stdout).toMatch(/\n0\n$/);
  });

  test('open devices beyond the list, though it may make their nodes', async () => {
    const { stdout } = await runShell(
      engine,
      'mknod /disk b 254 0 && head -c1 /disk >/dev/null && echo READ; head -c4 /dev/zero | wc -c; ls /dev',
    );
    const [size, ...devices] = stdout.trim().split('\n');
    expect(size).toBe('4');
    expect(devices).toEqual([
      'fd',
      'full',
      'mqueue',
      'null',
      'ptmx',
      'pts',
      'random',
      'shm',
      'stderr',
      'stdin',
      'stdout',
      'tty',
      'urandom',
      'zero',
    ]);
  });

  test('see a descriptor of the daemon or of its tools', async () => {
    const { stdout } = await runShell(engine, 'ls /proc/1/fd; for f in 0 1 2; do readlink /proc/1/fd/$f; done');
    const [zero, one, two, ...targets] = stdout.trim().split('\n');
    expect([zero, one, two]).toEqual(['0', '1', '2']);
    expect(targets[0]).toBe('/dev/null');
    for (const target of targets.slice(1)) expect(target).toMatch(/^pipe:/);
  });

  test('gain privileges when told so, keep dropped capabilities, or get unknown ones', async () => {
    const { stdout } = await runShell(engine, 'grep -E "NoNewPrivs|CapBnd" /proc/self/status', {
      HostConfig: { SecurityOpt: ['no-new-privileges'], CapDrop: ['ALL'], CapAdd: ['CHOWN'] },
    });
    expect(stdout).toMatch(/CapBnd:\s+0000000000000001\nNoNewPrivs:\s+1/);
    const open = await runShell(engine, 'grep Seccomp: /proc/self/status', {
      HostConfig: { SecurityOpt: ['seccomp=unconfined'] },
    });
    expect(open.stdout).toMatch(/Seccomp:\s+0/);
  });

  test('reach the host through links in its image', async () => {
    const { stdout } = await runShell(
      engine,
      'rm -rf /etc/../lnk; test -e /work || test -e /var/lib || echo only its own root',
    );
    expect(stdout).toBe('only its own root\n');
  });
});

/** A text with what differs from container to container taken out. */
function plain(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .filter((line) => line !== '');
}

describe.skipIf(!hasDockerd)("side by side with dockerd's", () => {
  let dockerd: Awaited<ReturnType<typeof startDockerd>>;
  beforeAll(async () => {
    dockerd = await startDockerd('secu');
  });
  afterAll(() => dockerd?.stop());

  async function both(command: string): Promise<{ ours: string[]; theirs: string[] }> {
    const docker = run('docker', [
      '-H',
      `unix://${dockerd.socket}`,
      'run',
      '--rm',
      '--network',
      'none',
      'busybox:latest',
      'sh',
      '-c',
      command,
    ]);
    const [theirs, ours] = await Promise.all([docker, runShell(engine, command)]);
    return { ours: plain(ours.stdout), theirs: plain(theirs.stdout) };
  }

  test('the same rights in /proc/self/status', async () => {
    const { ours, theirs } = await both(
      'grep -E "^(Uid|Gid|Cap(Prm|Eff|Bnd|Amb)|NoNewPrivs|Seccomp:)" /proc/self/status',
    );
    expect(theirs).toHaveLength(8);
    expect(ours).toEqual(theirs);
  });

  test('the same devices', async () => {
    const { ours, theirs } = await both(
      'ls -l /dev | grep -E "^[cbl]" | while read a b c d e f g; do echo $a $c $d $e $f; done; cat /sys/fs/cgroup/devices/devices.list 2>/dev/null',
    );
    const list = (lines: readonly string[]): string[] => lines.filter((line) => /^[cba] /.test(line)).sort();
    expect(list(ours).filter((line) => !list(theirs).includes(line))).toEqual([]);
    expect(ours.filter((line) => line.startsWith('c')).length).toBeGreaterThan(5);
  });

  test('nothing of the kernel is visible or writable that is not there too', async () => {
    const { ours, theirs } = await both(
      "cat /proc/self/mounts | while read a b c d e; do echo $b $c $(echo $d | grep -oE '^(ro|rw)'); done | grep -E '^/(proc|sys|dev)'",
    );
    // Ours hides more: newer Docker's list. Nothing that theirs hides or fixes may be open in ours.
    for (const line of theirs)
      if (/ ro$|^\/proc\/|^\/sys\/firmware/.test(line))
        expect(
          ours.some((own) => own.split(' ')[0] === line.split(' ')[0]),
          line,
        ).toBe(true);
    expect(ours.filter((line) => / rw$/.test(line) && line.startsWith('/sys')).length).toBeLessThanOrEqual(1);
  });
});
