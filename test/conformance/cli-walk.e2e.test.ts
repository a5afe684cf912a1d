import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../e2e/harness/command.ts';
import type { Daemon } from '../e2e/harness/daemon.ts';
import { engineKinds, makeBed } from '../e2e/harness/engines.ts';
import { expectedFailures, partsNotBuilt } from './cli-walk-failures.ts';

/** In the order that the walk takes them. Those about jobs, secrets, configs, networks and stacks come with what they are about. */
const groups = ['swarm', 'node', 'service', 'update', 'logs', 'data', 'leave'];

/** How long the walk lets a service converge; a monitor period and a restart fit in twice. */
const CONVERGE_SECONDS = 15;
const WALK_TIMEOUT_MS = 150_000;

/** Fewer would mean that the walk lost a group. */
const LEAST_CHECKS = 220;

interface Walk {
  readonly checks: readonly string[];
  /** What each failed check says, by its name. */
  readonly failures: ReadonlyMap<string, string>;
  /** As the walk itself counts them; undefined when it did not come to its end. */
  readonly planned: number | undefined;
}

async function walk(daemon: Daemon): Promise<Walk> {
  const env = {
    DOCKER_HOST: `unix://${daemon.socket}`,
    WITHOUT: partsNotBuilt.join(' '),
    WAIT: String(CONVERGE_SECONDS),
  };
  const script = join(import.meta.dirname, 'cli-walk.sh');
  const { stdout } = await run('bash', [script, ...groups], { env, timeoutMs: WALK_TIMEOUT_MS });
  const checks: string[] = [];
  const failures = new Map<string, string>();
  let failing: string | undefined;
  let planned: number | undefined;
  for (const line of stdout.split('\n')) {
    const [, not, name] = /^(not )?ok \d+ - (.*)$/.exec(line) ?? [];
    const [, count] = /^1\.\.(\d+)$/.exec(line) ?? [];
    if (count !== undefined) planned = Number(count);
    if (name !== undefined) {
      checks.push(name);
      failing = not === undefined ? undefined : name;
      if (failing !== undefined) failures.set(failing, '');
    } else if (failing !== undefined && line.startsWith('#   ')) {
      failures.set(failing, `${failures.get(failing)}${line.slice(4)}\n`);
    }
  }
  return { checks, failures, planned };
}

// Most of it is waiting for services to converge and roll-outs to end, so that both engines wait at once.
describe.concurrent('the docker CLI walks through swarm mode', () => {
  test.each(engineKinds)('on the %s engine', { timeout: WALK_TIMEOUT_MS + 60_000 }, async (engine) => {
    const bed = await makeBed(engine);
    try {
      const { checks, failures, planned } = await walk(bed.daemon);
      const expected = new Set(expectedFailures.flatMap((failure) => failure.checks));
      const unexpected = [...failures].filter(([name]) => !expected.has(name));
      expect(unexpected).toEqual([]);
      expect([...expected].filter((name) => !failures.has(name))).toEqual([]);
      expect(planned).toBe(checks.length);
      expect(checks.length).toBeGreaterThan(LEAST_CHECKS);
    } finally {
      await bed.dispose();
    }
  });
});

test('what is not built is refused in words that name it', async () => {
  const bed = await makeBed('embedded');
  try {
    const { daemon } = bed;
    await daemon.dockerOk(['swarm', 'init', '--advertise-addr', '127.0.0.1']);
    const create = ['service', 'create', '--detach', '--no-resolve-image'];
    const stack = 'services: {web: {image: busybox}}';
    const refusals: ReadonlyArray<readonly [args: readonly string[], what: string, input?: string]> = [
      [['secret', 'create', 'key', '-'], 'creating secrets', 'x'],
      [['config', 'create', 'site', '-'], 'creating configs', 'x'],
      [['network', 'create', '--driver', 'overlay', 'net'], 'creating networks'],
      [['stack', 'deploy', '--compose-file', '-', 'shop'], 'creating networks', stack],
      [[...create, '--network', 'host', 'busybox'], 'the network host'],
      [[...create, '--publish', '8080:80', 'busybox'], 'EndpointSpec.Ports (published ports)'],
      [[...create, '--mode', 'replicated-job', 'busybox'], 'Mode.ReplicatedJob (jobs)'],
      [[...create, '--mode', 'global-job', 'busybox'], 'Mode.GlobalJob (jobs)'],
      [['swarm', 'update', '--autolock'], 'EncryptionConfig.AutoLockManagers (locking managers)'],
    ];
    for (const [args, what, input = ''] of refusals) {
      const { status, stderr } = await daemon.docker(args, { input });
      expect([args, status, stderr.trim()]).toEqual([
        args,
        1,
        expect.stringContaining(`${what} is not implemented yet`),
      ]);
    }
  } finally {
    await bed.dispose();
  }
});
