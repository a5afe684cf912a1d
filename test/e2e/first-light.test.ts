import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run, until } from './harness/command.ts';
import { type Bed, engineKinds, makeBed, untilStopped } from './harness/engines.ts';

describe.each(engineKinds)('the docker CLI on the %s engine', (engine) => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await makeBed(engine);
  });
  afterAll(() => bed?.dispose());

  const docker = (...args: string[]) => bed.daemon.dockerOk(args);
  const refused = async (...args: string[]): Promise<string> => {
    const { status, stderr } = await bed.daemon.docker(args);
    expect(status).not.toBe(0);
    return stderr;
  };

  test('before init, swarm commands say what to do', async () => {
    expect(await refused('service', 'ls')).toContain('This node is not a swarm manager. Use "docker swarm init"');
    expect(await docker('info', '--format', '{{.Swarm.LocalNodeState}}')).toBe('inactive');
  });

  test('swarm init makes a manager that shows itself', async () => {
    expect(await docker('swarm', 'init', '--advertise-addr', '127.0.0.1')).toContain(
      'docker swarm join --token SWMTKN-1-',
    );
    expect(await docker('node', 'ls', '--format', '{{.Status}} {{.Availability}} {{.ManagerStatus}}')).toBe(
      'Ready Active Leader',
    );
    expect(await refused('swarm', 'init')).toContain('This node is already part of a swarm');
    expect(await docker('swarm', 'join-token', '-q', 'worker')).toMatch(/^SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}$/);
  });

  test('service create converges in the foreground and shows everywhere', async () => {
    const out = await docker('service', 'create', '--name', 'web', '--replicas', '3', 'busybox', ...untilStopped());
    expect(out).toContain('converged');
    expect(await docker('service', 'ls', '--format', '{{.Name}} {{.Mode}} {{.Replicas}}')).toBe('web replicated 3/3');
    const tasks = await docker('service', 'ps', 'web', '--format', '{{.Name}} {{.DesiredState}} {{.CurrentState}}');
    expect(tasks.split('\n').sort()).toEqual(
      [1, 2, 3].map((slot) => expect.stringMatching(`^web.${slot} Running Running `)),
    );
    expect((await docker('ps', '--format', '{{.Names}} {{.Image}}')).split('\n').sort()).toEqual(
      [1, 2, 3].map((slot) => expect.stringMatching(`^web.${slot}.[0-9a-z]{25} busybox:latest$`)),
    );
    expect(await docker('service', 'inspect', 'web', '--format', '{{.Spec.Mode.Replicated.Replicas}}')).toBe('3');
    expect(await docker('service', 'inspect', '--pretty', 'web')).toContain('Replicas:	3');
  });

  test('logs of a service and of a task, with and without a tail', async () => {
    const lines = await until('all three have written', async () => {
      const { stdout } = await bed.daemon.docker(['service', 'logs', 'web']);
      return stdout.trim().split('\n').length === 3 && stdout;
    });
    expect(lines).toMatch(/web\.1\.[0-9a-z]+@\S+ +\| started/);
    const [task = ''] = (await docker('service', 'ps', '-q', 'web')).split('\n');
    expect(await docker('service', 'logs', '--raw', '--timestamps', task)).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z started$/,
    );
    expect(await docker('service', 'logs', '--raw', '--tail', '0', 'web')).toBe('');
  });

  test('exec runs in a task, with its exit code, with input, and on a terminal', async () => {
    const container = (await docker('ps', '-q')).split('\n')[0] ?? '';
    expect(await docker('exec', container, 'echo', 'inside')).toBe('inside');
    expect((await bed.daemon.docker(['exec', container, 'sh', '-c', 'exit 7'])).status).toBe(7);
    const fed = await bed.daemon.docker(['exec', '-i', container, 'wc', '-c'], { input: 'x'.repeat(100_000) });
    expect(fed.stdout.trim()).toBe('100000');
    const env = { DOCKER_HOST: `unix://${bed.daemon.socket}` };
    // busybox says "standard input" and succeeds while the size is not known yet.
    const inside = 'test -t 0 && test -t 1 && until stty size | grep "30 100"; do sleep 0.1; done; exit 3';
    const typed = `stty rows 30 cols 100; docker exec -it ${container} sh -c '${inside}'`;
    const terminal = await run('script', ['-qec', typed, '/dev/null'], { env, input: { open: true } });
    expect(terminal.stdout).toContain('30 100');
    expect(terminal.status).toBe(3);
  });

  test('inspect of a container names its task', async () => {
    const container = (await docker('ps', '-q')).split('\n')[0] ?? '';
    const label = '{{index .Config.Labels "com.docker.swarm.service.name"}} {{.State.Status}}';
    expect(await docker('inspect', container, '--format', label)).toBe('web running');
  });

  test('scale up and down', async () => {
    expect(await docker('service', 'scale', 'web=5')).toContain('converged');
    expect(await docker('service', 'ls', '--format', '{{.Replicas}}')).toBe('5/5');
    expect(await docker('service', 'scale', 'web=2')).toContain('converged');
    await until('two containers are left', async () => (await docker('ps', '-q')).split('\n').length === 2);
  });

  test('an update replaces tasks one by one and keeps their history', async () => {
    // The CLI ends as soon as the update is completed, which with so short a monitor may be before it has seen it stable.
    await docker('service', 'update', '--update-monitor', '100ms', '--env-add', 'A=1', 'web');
    expect(await docker('service', 'inspect', 'web', '--format', '{{.UpdateStatus.State}}')).toBe('completed');
    const states = (await docker('service', 'ps', 'web', '--format', '{{.DesiredState}}')).split('\n');
    expect(states.filter((state) => state === 'Running')).toHaveLength(2);
    expect(states.filter((state) => state === 'Shutdown').length).toBeGreaterThanOrEqual(2);
    for (const id of (await docker('ps', '-q')).split('\n'))
      expect(await docker('exec', id, 'sh', '-c', 'echo $A')).toBe('1');
  });

  test('settings of updates and labels restart nothing', async () => {
    const before = await docker('ps', '-q', '--no-trunc');
    await docker('service', 'update', '--detach', '--update-delay', '1s', '--label-add', 'x=y', 'web');
    expect(await docker('service', 'inspect', 'web', '--format', '{{index .Spec.Labels "x"}}')).toBe('y');
    expect(await docker('ps', '-q', '--no-trunc')).toBe(before);
  });

  test('a task that fails shows its exit code, is replaced, and its output is kept', async () => {
    const flags = ['--detach', '--restart-delay', '100ms', '--restart-max-attempts', '1'];
    await docker('service', 'create', '--name', 'bad', ...flags, 'busybox', 'sh', '-c', 'echo going down; exit 42');
    const errors = await until('both attempts have failed', async () => {
      const rows = (
        await docker('service', 'ps', '--no-trunc', 'bad', '--format', '{{.CurrentState}} {{.Error}}')
      ).split('\n');
      return rows.length === 2 && rows.every((row) => row.startsWith('Failed')) && rows;
    });
    for (const row of errors) expect(row).toContain('task: non-zero exit (42)');
    expect(await docker('service', 'logs', '--raw', 'bad')).toBe('going down\ngoing down');
    await docker('service', 'rm', 'bad');
  });

  test('a killed container is replaced in its slot', async () => {
    const victim = (await docker('ps', '-q', '--no-trunc')).split('\n')[0] ?? '';
    await docker('service', 'update', '--detach', '--restart-delay', '0s', 'web');
    await until(
      'the update is through',
      async () => (await docker('service', 'ls', '--format', '{{.Replicas}}')) === '2/2',
    );
    const now = (await docker('ps', '-q', '--no-trunc')).split('\n');
    const target = now.includes(victim) ? victim : (now[0] ?? '');
    await docker('kill', target);
    await until('another took its place', async () => {
      const ids = (await docker('ps', '-q', '--no-trunc')).split('\n');
      return ids.length === 2 && !ids.includes(target);
    });
  });

  test('a stop signal and a grace period are obeyed', async () => {
    const ignoring = ['sh', '-c', 'trap "" TERM; trap "exit 0" USR1; while :; do sleep 1; done'];
    await docker('service', 'create', '--name', 'deaf', '--stop-grace-period', '1s', 'busybox', ...ignoring);
    const startedAt = performance.now();
    await docker('service', 'rm', 'deaf');
    await until('it is gone', async () => (await docker('ps', '-aq', '--filter', 'name=deaf')) === '');
    expect(performance.now() - startedAt).toBeGreaterThan(900);
  });

  test('a task that fits nowhere stays pending and says why', async () => {
    const flags = ['--detach', '--constraint', 'node.labels.zone==moon'];
    await docker('service', 'create', '--name', 'lost', ...flags, 'busybox', ...untilStopped());
    await until('it says why', async () =>
      (await docker('service', 'ps', '--no-trunc', 'lost', '--format', '{{.CurrentState}} {{.Error}}')).includes(
        'no suitable node (scheduling constraints not satisfied on 1 node)',
      ),
    );
    const node = await docker('node', 'ls', '-q');
    await docker('node', 'update', '--label-add', 'zone=moon', node);
    await until(
      'it runs',
      async () => (await docker('service', 'ls', '--filter', 'name=lost', '--format', '{{.Replicas}}')) === '1/1',
    );
    await docker('service', 'rm', 'lost');
  });

  test('an image that is nowhere is said on the task', async () => {
    await docker(
      'service',
      'create',
      '--detach',
      '--no-resolve-image',
      '--name',
      'imageless',
      'localhost:1/nosuch:1',
      'true',
    );
    await until('it says so', async () =>
      /Rejected.*(No such image|localhost:1)/s.test(await docker('service', 'ps', '--no-trunc', 'imageless')),
    );
    await docker('service', 'rm', 'imageless');
  });

  test('service rm ends the containers, and the name is free at once', async () => {
    await docker('service', 'rm', 'web');
    await docker('service', 'create', '--detach', '--name', 'web', 'busybox', ...untilStopped());
    await docker('service', 'rm', 'web');
    await until('no container is left', async () => (await docker('ps', '-aq')) === '');
    expect(await docker('service', 'ls', '-q')).toBe('');
  });
});
