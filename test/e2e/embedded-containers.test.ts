import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EmbeddedEngine } from '../../src/engine/embedded/index.ts';
import type { ContainerEvent } from '../../src/engine/index.ts';
import { makeNamespace, type RunProgram, removeNamespace } from '../../src/network/index.ts';
import {
  type EngineDirectories,
  freshName,
  makeDirectories,
  openEngine,
  outputOf,
  removeDirectories,
  runShell,
  soon,
  startLong,
} from './harness/embedded.ts';

let directories: EngineDirectories;
let engine: EmbeddedEngine;

beforeAll(async () => {
  directories = makeDirectories();
  engine = await openEngine(directories);
});
afterAll(async () => {
  for (const { Id } of engine.listContainerSummaries({ all: true, filters: {} }) as ReadonlyArray<{ Id: string }>)
    await engine.removeContainer(engine.findContainer(Id), soon());
  await engine.close();
  removeDirectories(directories);
});

describe('life of a container', () => {
  test('created, started, ended: state, code, times and output are true', async () => {
    const before = Date.now();
    const id = await engine.createContainer(
      'whole-life',
      { Image: 'busybox', Cmd: ['sh', '-c', 'echo out; echo err >&2; exit 21'], Labels: { a: 'b' } },
      { signal: soon() },
    );
    expect((await engine.inspectContainer('whole-life', soon()))?.State.Status).toBe('created');
    await engine.startContainer(id, soon());
    expect(await engine.waitContainer(id, 'not-running', soon())).toBe(21);
    const inspect = await engine.inspectContainer(id, soon());
    expect(inspect?.State).toMatchObject({
      Status: 'exited',
      Running: false,
      ExitCode: 21,
      OOMKilled: false,
      Error: '',
      Pid: 0,
    });
    const [started, finished] = [inspect?.State.StartedAt, inspect?.State.FinishedAt].map((time) =>
      Date.parse(time ?? ''),
    );
    expect(started).toBeGreaterThanOrEqual(before - 1);
    expect(finished).toBeGreaterThanOrEqual(started ?? Number.NaN);
    expect(finished).toBeLessThanOrEqual(Date.now() + 1);
    expect(await outputOf(engine, id)).toEqual({ stdout: 'out\n', stderr: 'err\n' });
    await engine.removeContainer(id, soon());
    expect(await engine.inspectContainer(id, soon())).toBeUndefined();
    await engine.removeContainer(id, soon());
  });

  test('an exited container starts again on the same root', async () => {
    const id = await engine.createContainer(
      freshName(),
      { Image: 'busybox', Cmd: ['sh', '-c', 'echo x >>/count; exit $(wc -l </count)'] },
      { signal: soon() },
    );
    for (const run of [1, 2, 3]) {
      await engine.startContainer(id, soon());
      expect(await engine.waitContainer(id, 'not-running', soon())).toBe(run);
    }
    await engine.removeContainer(id, soon());
  });

  test('a name is taken until its container is removed', async () => {
    const create = { Image: 'busybox' };
    const id = await engine.createContainer('taken', create, { signal: soon() });
    await expect(engine.createContainer('taken', create, { signal: soon() })).rejects.toMatchObject({
      code: 'container-name-taken',
    });
    await engine.removeContainer(id, soon());
    await engine.removeContainer(await engine.createContainer('taken', create, { signal: soon() }), soon());
  });

  test('an unknown image, a bad name and no command are refused and leave nothing', async () => {
    const before = engine.listContainerSummaries({ all: true, filters: {} }).length;
    const options = { signal: soon() };
    await expect(engine.createContainer('n1', { Image: 'none' }, options)).rejects.toMatchObject({
      code: 'image-unknown',
    });
    await expect(engine.createContainer('!', { Image: 'busybox' }, options)).rejects.toMatchObject({
      code: 'container-name-invalid',
    });
    await expect(
      engine.createContainer('n2', { Image: 'busybox', Entrypoint: [''], Cmd: [] }, options),
    ).rejects.toMatchObject({ code: 'container-no-command' });
    await expect(
      engine.createContainer('n3', { Image: 'busybox', HostConfig: { Privileged: true } }, options),
    ).rejects.toMatchObject({
      code: 'container-field-not-built',
      message: expect.stringContaining('HostConfig.Privileged'),
    });
    expect(engine.listContainerSummaries({ all: true, filters: {} })).toHaveLength(before);
  });

  test('a command that is not there: 127 and the reason, and the container is still created', async () => {
    const id = await engine.createContainer(freshName(), { Image: 'busybox', Cmd: ['/no/such'] }, { signal: soon() });
    await expect(engine.startContainer(id, soon())).rejects.toThrow(/no such file or directory/);
    const state = (await engine.inspectContainer(id, soon()))?.State;
    expect(state).toMatchObject({ Status: 'created', ExitCode: 127 });
    expect(state?.Error).toMatch(/no such file/);
    await engine.removeContainer(id, soon());
  });

  test('stop: the signal of the image, then after the grace SIGKILL', async () => {
    const trap = (signal: string, code: number): string[] => [
      'sh',
      '-c',
      `trap 'exit ${code}' ${signal}; echo ready; while :; do sleep 0.05; done`,
    ];
    const polite = await startLong(engine, { Cmd: trap('USR1', 33), StopSignal: 'SIGUSR1' });
    await untilLogged(polite, 'ready');
    await engine.stopContainer(polite, 10_000, soon());
    expect((await engine.inspectContainer(polite, soon()))?.State.ExitCode).toBe(33);
    await engine.stopContainer(polite, 10_000, soon());
    const deaf = await startLong(engine, {
      Cmd: ['sh', '-c', "trap '' TERM; echo ready; while :; do sleep 0.05; done"],
    });
    await untilLogged(deaf, 'ready');
    const at = Date.now();
    await engine.stopContainer(deaf, 200, soon());
    expect(Date.now() - at).toBeGreaterThanOrEqual(200);
    expect((await engine.inspectContainer(deaf, soon()))?.State.ExitCode).toBe(137);
    for (const id of [polite, deaf]) await engine.removeContainer(id, soon());
  });

  test('kill by name and number; one that does not run refuses', async () => {
    const id = await startLong(engine);
    await engine.killContainer(id, '9');
    expect(await engine.waitContainer(id, 'not-running', soon())).toBe(137);
    await expect(engine.killContainer(id, 'KILL')).rejects.toMatchObject({ code: 'container-not-running' });
    await engine.startContainer(id, soon());
    await expect(engine.killContainer(id, 'NOPE')).rejects.toMatchObject({ code: 'container-signal-invalid' });
    await engine.removeContainer(id, soon());
  });

  test('events in order, listening first', async () => {
    const stop = new AbortController();
    const events = engine.watch(stop.signal)[Symbol.asyncIterator]();
    expect((await events.next()).value).toBe('listening');
    const messages: string[] = [];
    const release = engine.subscribe(({ Action }) => messages.push(Action));
    await runShell(engine, 'exit 3', { Labels: { mine: 'yes' } });
    const seen: ContainerEvent[] = [];
    while (seen.at(-1)?.kind !== 'removed') seen.push((await events.next()).value as ContainerEvent);
    expect(seen.map(({ kind }) => kind)).toEqual(['created', 'started', 'died', 'removed']);
    expect(seen.every(({ labels }) => labels.mine === 'yes')).toBe(true);
    expect(messages).toEqual(['create', 'start', 'die', 'destroy']);
    release();
    stop.abort();
  });
});

/** Waits until a container has written a line. */
async function untilLogged(id: Awaited<ReturnType<typeof startLong>>, text: string): Promise<void> {
  for await (const { bytes } of engine.logs(id, { stdout: true, stderr: true, follow: true }, soon()))
    if (Buffer.from(bytes).toString().includes(text)) return;
  throw new Error(`the container ended without writing ${text}`);
}

describe('what a container gets', () => {
  test('environment, working directory, user and groups', async () => {
    const { stdout } = await runShell(engine, 'env; pwd; id', { Image: 'with-user', Env: ['A=b', 'FROM_IMAGE=no'] });
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining([
        'PATH=/bin',
        'FROM_IMAGE=no',
        'A=b',
        'HOME=/home/app',
        '/home/app/work',
        'uid=1000(app) gid=1001(appgroup) groups=10(wheel),1001(appgroup),2000(extra)',
      ]),
    );
    const numbered = await runShell(engine, 'id; cat /proc/self/status | grep CapEff', {
      User: '77:88',
      HostConfig: { GroupAdd: ['extra', '99'] },
    });
    expect(numbered.stdout).toMatch(/uid=77 gid=88 groups=88,99,2000\(extra\)/);
    expect(numbered.stdout).toMatch(/CapEff:\s+0000000000000000/);
    await expect(runShell(engine, 'true', { User: 'nobody-here' })).rejects.toMatchObject({
      code: 'container-user-unknown',
    });
  });

  test('host name and the three files', async () => {
    const { stdout } = await runShell(engine, 'hostname; cat /etc/hostname /etc/hosts /etc/resolv.conf', {
      Hostname: 'bee',
      HostConfig: {
        ExtraHosts: ['db:10.1.2.3'],
        Dns: ['9.9.9.9'],
        DnsSearch: ['hive.example'],
        DnsOptions: ['ndots:2'],
      },
    });
    expect(stdout).toMatch(/^bee\nbee\n/);
    for (const line of [
      '10.1.2.3\tdb',
      '127.0.0.1\tlocalhost',
      'nameserver 9.9.9.9',
      'search hive.example',
      'options ndots:2',
    ])
      expect(stdout).toContain(`${line}\n`);
  });

  test('layers as one root, whiteouts hidden, read-only when asked', async () => {
    const { stdout } = await runShell(
      engine,
      'test -e /hidden && echo bad; cat /shown /data/seed; touch /x && echo writable',
    );
    expect(stdout).toBe('shown\nfrom the image\nwritable\n');
    const fixed = await runShell(engine, 'touch /x || echo fixed; touch /scratch/x && echo scratch', {
      HostConfig: { ReadonlyRootfs: true, Tmpfs: { '/scratch': 'size=1m,mode=700' } },
    });
    expect(fixed.stdout).toBe('fixed\nscratch\n');
  });

  test('limits of memory, processors and processes', async () => {
    const read =
      'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max /sys/fs/cgroup/pids.max';
    const { stdout } = await runShell(engine, read, {
      HostConfig: { Memory: 33_554_432, NanoCpus: 500_000_000, PidsLimit: 50 },
    });
    expect(stdout.split(/\s+/).slice(0, 3)).toEqual(['33554432', '50000', '50']);
  });

  test('a container that uses too much memory is reported as such', async () => {
    const id = await startLong(engine, {
      Cmd: ['sh', '-c', 'head -c 60m /dev/zero | tail'],
      HostConfig: { Memory: 16_777_216, MemorySwap: 16_777_216 },
    });
    await engine.waitContainer(id, 'not-running', soon());
    expect((await engine.inspectContainer(id, soon()))?.State.OOMKilled).toBe(true);
    await engine.removeContainer(id, soon());
  });

  test('ulimits above what the daemon may give are lowered instead of failing', async () => {
    const { stdout } = await runShell(engine, 'grep "open files" /proc/self/limits', {
      HostConfig: { Ulimits: [{ Name: 'nofile', Soft: 100, Hard: 99_999_999 }] },
    });
    expect(stdout).toMatch(/Max open files\s+100\s+\d+/);
  });

  test('init reaps, and passes signals on', async () => {
    const { stdout } = await runShell(engine, 'cat /proc/1/cmdline | head -c 40', { HostConfig: { Init: true } });
    expect(stdout).toContain('/sbin/docker-init');
    const id = await startLong(engine, { HostConfig: { Init: true } });
    await engine.stopContainer(id, 20_000, soon());
    expect((await engine.inspectContainer(id, soon()))?.State.ExitCode).toBe(143);
    await engine.removeContainer(id, soon());
  });

  test('sysctls of its own namespaces only', async () => {
    const { stdout } = await runShell(
      engine,
      'cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/msgmax',
      {
        HostConfig: { Sysctls: { 'kernel.msgmax': '4321' } },
      },
    );
    expect(stdout).toBe('0\n4321\n');
    await expect(runShell(engine, 'true', { HostConfig: { Sysctls: { 'kernel.panic': '1' } } })).rejects.toMatchObject({
      code: 'container-sysctl-invalid',
    });
  });
});

describe('mounts', () => {
  test('binds: read-write, read-only, and a source that is missing', async () => {
    const source = join(directories.root, 'source');
    mkdirSync(source, { recursive: true });
    writeFileSync(join(source, 'given'), 'given\n');
    const mount = { Type: 'bind', Source: source, Target: '/mnt' } as const;
    const written = await runShell(engine, 'cat /mnt/given; echo back >/mnt/back', { HostConfig: { Mounts: [mount] } });
    expect(written.stdout).toBe('given\n');
    expect(readFileSync(join(source, 'back'), 'utf8')).toBe('back\n');
    const fixed = await runShell(engine, 'touch /mnt/x || echo fixed', {
      HostConfig: { Mounts: [{ ...mount, ReadOnly: true }] },
    });
    expect(fixed.stdout).toBe('fixed\n');
    await expect(
      runShell(engine, 'true', { HostConfig: { Mounts: [{ ...mount, Source: '/no/such/source' }] } }),
    ).rejects.toThrow('invalid mount config for type "bind": bind source path does not exist: /no/such/source');
    rmSync(source, { recursive: true });
  });

  test('a named volume is filled from the image once and outlives its containers', async () => {
    const volume = { Type: 'volume', Source: 'keep', Target: '/data' } as const;
    const first = await runShell(engine, 'cat /data/seed /data/sub/deep; echo mine >/data/seed', {
      HostConfig: { Mounts: [volume] },
    });
    expect(first.stdout).toBe('from the image\ndeep\n');
    const second = await runShell(engine, 'cat /data/seed', { HostConfig: { Binds: ['keep:/data:ro'] } });
    expect(second.stdout).toBe('mine\n');
  });

  test("the image's volumes are anonymous and go with the container", async () => {
    const id = await startLong(engine, { Image: 'with-volume' });
    const { Mounts } = (await engine.inspectContainer(id, soon())) as unknown as {
      Mounts: ReadonlyArray<{ Type: string; Source: string; Destination: string }>;
    };
    expect(Mounts).toMatchObject([{ Type: 'volume', Destination: '/data' }]);
    const source = Mounts[0]?.Source ?? '';
    expect(readFileSync(join(source, 'seed'), 'utf8')).toBe('from the image\n');
    await engine.removeContainer(id, soon());
    expect(existsSync(source)).toBe(false);
  });
});

describe('network namespaces', () => {
  test('joins the one that it is given; its own otherwise, with loopback up', async () => {
    const name = `ruche-embedded-${process.pid}`;
    const run: RunProgram = (file, args) => engine.runProgram(file, args, 10_000);
    const path = await makeNamespace(name, soon(), run);
    try {
      const { dev, ino } = statSync(path);
      expect(await makeNamespace(name, soon(), run)).toBe(path);
      expect(statSync(path)).toMatchObject({ dev, ino });
      const inside = await runShell(engine, 'readlink /proc/self/ns/net; ip -o link', {}, { networkNamespace: path });
      const again = await runShell(engine, 'readlink /proc/self/ns/net', {}, { networkNamespace: path });
      expect(inside.stdout.split('\n')[0]).toBe(again.stdout.trim());
      expect(inside.stdout).toMatch(/lo: <LOOPBACK,UP,LOWER_UP>/);
    } finally {
      await removeNamespace(name, soon(), run);
      await removeNamespace(name, soon(), run);
    }
    const own = await runShell(engine, 'ip -o link');
    expect(own.stdout).toMatch(/lo: <LOOPBACK,UP,LOWER_UP>/);
  });
});

describe('listing', () => {
  test('shape and filters of docker ps', async () => {
    const running = await startLong(engine, { Labels: { tier: 'web', x: '1' } });
    const created = await engine.createContainer(
      'just-created',
      { Image: 'busybox', Labels: { tier: 'web' } },
      { signal: soon() },
    );
    const ids = (all: boolean, filters: Record<string, string[]>): unknown[] =>
      engine.listContainerSummaries({ all, filters }).map(({ Id }) => Id);
    expect(ids(false, { label: ['tier=web'] })).toEqual([running]);
    expect(ids(true, { label: ['tier=web'] })).toEqual([created, running]);
    expect(ids(true, { label: ['tier', 'x=1'] })).toEqual([running]);
    expect(ids(false, { status: ['created'], name: ['just-'] })).toEqual([created]);
    expect(ids(true, { id: [running.slice(0, 12)] })).toEqual([running]);
    expect(ids(true, { ancestor: ['busybox'], since: [running] }).length).toBeLessThanOrEqual(1);
    expect(() => ids(true, { nonsense: ['1'] })).toThrow("invalid filter 'nonsense=1'");
    expect(engine.listContainerSummaries({ all: false, filters: { id: [running] } })).toMatchObject([
      {
        Image: 'busybox',
        Command: 'sleep 1000',
        State: 'running',
        Status: expect.stringMatching(/^Up /),
        Labels: { origin: 'image', tier: 'web' },
      },
    ]);
    expect((await engine.listContainers('tier=web', soon())).map(({ Id }) => Id).sort()).toEqual(
      [created, running].sort(),
    );
    const stats = await engine.containerStats(running);
    expect(stats).toMatchObject({
      id: running,
      memory_stats: { usage: expect.any(Number) },
      pids_stats: { current: 1 },
    });
    for (const id of [running, created]) await engine.removeContainer(id, soon());
  });
});
