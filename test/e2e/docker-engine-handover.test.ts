import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { request as httpRequest, type Server } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDockerPassage } from '../../src/api/handover/index.ts';
import { standardHeaders } from '../../src/api/http/respond.ts';
import { Router } from '../../src/api/http/router.ts';
import { createHttpServer } from '../../src/api/http/server.ts';
import { EngineConnection, parseEngineAddress } from '../../src/engine/docker/index.ts';
import { type Dockerd, hasDockerd, startDockerd } from './harness/dockerd.ts';

const run = promisify(execFile);

/** CLI 28 speaks API 1.50, dockerd 20.10 speaks 1.41: all that the CLI does must cross. */
describe.runIf(hasDockerd)('the docker CLI in front of an older engine', () => {
  let dockerd: Dockerd;
  let connection: EngineConnection;
  let server: Server;
  let host: string;
  const stopping = new AbortController();

  beforeAll(async () => {
    dockerd = await startDockerd('handover');
    connection = new EngineConnection(parseEngineAddress(dockerd.socket));
    const pong = () => ({ kind: 'text', status: 200, text: 'OK', headers: { Swarm: 'inactive' } }) as const;
    const router = new Router([
      { method: 'GET', path: '/_ping', handle: pong },
      { method: 'HEAD', path: '/_ping', handle: pong },
    ]);
    const noted: unknown[] = [];
    const log = { warn: (facts: unknown) => noted.push(facts), error: (facts: unknown) => noted.push(facts) };
    const passage = createDockerPassage(connection);
    const standard = standardHeaders('0.0.0');
    server = createHttpServer({ router, fallback: new Router([]), passage, log, standard, stopping: stopping.signal });
    host = join(dockerd.directory, 'api.sock');
    server.listen(host);
    await once(server, 'listening');
  });
  afterAll(async () => {
    stopping.abort();
    server?.closeAllConnections();
    server?.close();
    await connection?.close();
    await dockerd?.stop();
  });

  const settings = () => ({ env: { ...process.env, DOCKER_HOST: `unix://${host}`, DOCKER_CONFIG: dockerd.directory } });
  const docker = async (...words: string[]) => (await run('docker', words, { ...settings(), timeout: 30_000 })).stdout;
  const refused = async (...words: string[]): Promise<string> => {
    try {
      await run('docker', words, { ...settings(), timeout: 30_000 });
    } catch (error) {
      return (error as { readonly stderr: string }).stderr;
    }
    throw new Error(`docker ${words.join(' ')} went well, it should have failed`);
  };
  /** A command with something on its standard input, which ends after it. */
  const fed = async (input: string, ...words: string[]): Promise<string> => {
    const child = spawn('docker', words, { ...settings(), stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.end(input);
    const chunks = await Array.fromAsync(child.stdout as AsyncIterable<Buffer>);
    return Buffer.concat(chunks).toString('utf8');
  };

  test('run, ps, inspect, logs and rm', async () => {
    expect(await docker('run', '--name', 'one', 'busybox', 'sh', '-c', 'echo out; echo err >&2')).toBe('out\n');
    expect(await docker('ps', '-a', '--format', '{{.Names}} {{.Image}}')).toBe('one busybox\n');
    expect(await docker('inspect', '--format', '{{.State.ExitCode}} {{.State.Status}}', 'one')).toBe('0 exited\n');
    expect(await docker('logs', 'one')).toBe('out\n');
    expect(await docker('logs', '--timestamps', '--tail', '1', 'one')).toMatch(/^(\d{4}-\d\d-\d\dT\S+ out\n)?$/);
    expect(await docker('rm', 'one')).toBe('one\n');
    expect(await refused('inspect', 'one')).toContain('No such object: one');
  });

  test('the exit code of what ran is the one of run', async () => {
    await expect(run('docker', ['run', '--rm', 'busybox', 'sh', '-c', 'exit 9'], settings())).rejects.toMatchObject({
      code: 9,
    });
  });

  test('what a client sends reaches a program, and the end of it too', async () => {
    const input = 'x'.repeat(3_000_000);
    expect(await fed(input, 'run', '--rm', '-i', 'busybox', 'wc', '-c')).toBe('3000000\n');
  });

  test('exec takes input, gives both streams and the exit code', async () => {
    await docker('run', '-d', '--name', 'two', 'busybox', 'sleep', '600');
    expect(await fed('a\nb\n', 'exec', '-i', 'two', 'sort', '-r')).toBe('b\na\n');
    expect(await docker('exec', 'two', 'sh', '-c', 'echo err >&2; echo out')).toBe('out\n');
    const failed = run('docker', ['exec', 'two', 'sh', '-c', 'exit 4'], settings());
    await expect(failed).rejects.toMatchObject({ code: 4 });
    expect(await refused('exec', 'none', 'true')).toContain('No such container: none');
    expect(await docker('exec', '-d', 'two', 'touch', '/tmp/here')).toBe('');
    expect(await docker('exec', 'two', 'ls', '/tmp')).toBe('here\n');
  });

  test('exec in a terminal has the size of the client’s', async () => {
    const reads = 'sh -c "echo type; read x; echo got \\$x"';
    // An engine of this age is told the size after the start: the program asks until it has one.
    const asks = 'sh -c "until stty size 2>/dev/null | grep \'37 123\'; do :; done"';
    const words = `stty rows 37 cols 123; docker exec -it two ${asks}; docker exec -it two ${reads}`;
    const child = spawn('script', ['-qec', words, '/dev/null'], { ...settings(), stdio: ['pipe', 'pipe', 'inherit'] });
    let shown = '';
    let isTyped = false;
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      shown += chunk.toString('utf8');
      if (!shown.includes('type') || isTyped) continue;
      child.stdin.write('hello\n');
      isTyped = true;
    }
    expect(shown).toContain('37 123');
    expect(shown).toContain('got hello');
  });

  test('run in a terminal takes what is typed, and gives the exit code', async () => {
    const words = `docker run --rm -it busybox sh -c 'echo type; read x; echo got $x; exit 5'`;
    const child = spawn('script', ['-qec', words, '/dev/null'], { ...settings(), stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    let shown = '';
    let isTyped = false;
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      shown += chunk.toString('utf8');
      if (!shown.includes('type') || isTyped) continue;
      child.stdin.write('hello\n');
      isTyped = true;
    }
    expect(shown).toContain('got hello');
    expect((await ended)[0]).toBe(5);
  });

  test('cp, stats, top, diff, pause, rename, update and kill', async () => {
    const file = join(dockerd.directory, 'file');
    await writeFile(file, 'content');
    await docker('cp', file, 'two:/tmp/file');
    await docker('cp', 'two:/tmp/file', `${file}-back`);
    expect(await readFile(`${file}-back`, 'utf8')).toBe('content');
    expect(await docker('stats', '--no-stream', '--format', '{{.Name}}', 'two')).toBe('two\n');
    expect(await docker('top', 'two')).toContain('sleep 600');
    expect(await docker('diff', 'two')).toContain('A /tmp/file');
    await docker('pause', 'two');
    expect(await docker('ps', '--filter', 'status=paused', '--format', '{{.Names}}')).toBe('two\n');
    await docker('unpause', 'two');
    await docker('update', '--memory', '64m', '--memory-swap', '64m', 'two');
    await docker('rename', 'two', 'three');
    await docker('kill', 'three');
    expect(await docker('wait', 'three')).toBe('137\n');
    await docker('rm', 'three');
  });

  test('images are tagged, listed, saved, loaded, imported, built and removed', async () => {
    await docker('tag', 'busybox', 'mine:1');
    expect(await docker('images', '--format', '{{.Repository}}:{{.Tag}}', 'mine')).toBe('mine:1\n');
    const archive = join(dockerd.directory, 'mine.tar');
    await docker('save', '-o', archive, 'mine:1');
    await docker('rmi', 'mine:1');
    expect(await docker('load', '-i', archive)).toContain('Loaded image: mine:1');
    expect(await docker('image', 'inspect', '--format', '{{.Os}}', 'mine:1')).toBe('linux\n');
    expect(await docker('history', '--format', '{{.Comment}}', 'mine:1')).toContain('Imported');
    const folder = join(dockerd.directory, 'context');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'Dockerfile'), 'FROM busybox\nRUN echo built > /built\nCMD cat /built\n');
    await run('docker', ['build', '-t', 'built:1', folder], {
      ...settings(),
      env: { ...settings().env, DOCKER_BUILDKIT: '0' },
    });
    expect(await docker('run', '--rm', 'built:1')).toBe('built\n');
    await docker('rmi', 'mine:1', 'built:1');
    expect(await refused('rmi', 'mine:1')).toContain('No such image: mine:1');
    expect(await refused('pull', 'registry.invalid/nothing:1')).toContain('registry.invalid');
  });

  test('volumes are made, listed and removed; pruning never takes more than the client meant', async () => {
    expect(await docker('volume', 'create', 'data')).toBe('data\n');
    expect(await docker('volume', 'ls', '-q')).toBe('data\n');
    expect(await refused('volume', 'prune', '-f')).toContain('needs Docker Engine API 1.42');
    expect(await docker('volume', 'ls', '-q')).toBe('data\n');
    expect(await docker('volume', 'prune', '-f', '--all')).toContain('data');
    expect(await docker('system', 'df')).toContain('Images');
  });

  test('a field that the engine is too old for is refused by name', async () => {
    const health = ['--health-cmd', 'true', '--health-start-interval', '1s'];
    expect(await refused('run', ...health, 'busybox', 'true')).toContain(
      'Healthcheck.StartInterval needs Docker Engine API 1.44, the engine of this node speaks 1.41',
    );
  });

  test('logs are followed until the container ends', async () => {
    await docker(
      'run',
      '-d',
      '--name',
      'four',
      'busybox',
      'sh',
      '-c',
      'echo first; read x </dev/zero & sleep 0.4; echo last',
    );
    expect(await docker('logs', '-f', 'four')).toBe('first\nlast\n');
    await docker('rm', '-f', 'four');
  });

  test('a follower that goes away is let go by the engine too', async () => {
    await docker('run', '-d', '--name', 'five', 'busybox', 'sh', '-c', 'while :; do echo tick; sleep 0.05; done');
    const child = spawn('docker', ['logs', '-f', 'five'], { ...settings(), stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    expect(await openLogs(dockerd)).toBe(2);
    child.kill('SIGKILL');
    await expect.poll(() => openLogs(dockerd), { timeout: 10_000 }).toBe(1);
    await docker('rm', '-f', 'five');
  });

  test('the framed stream has the name that clients of 1.42 and newer know it by', async () => {
    await docker('run', '--name', 'six', 'busybox', 'echo', 'hi');
    const typeOf = async (version: string) => (await get(host, `/v${version}/containers/six/logs?stdout=1`)).type;
    expect(await typeOf('1.50')).toBe('application/vnd.docker.multiplexed-stream');
    expect(await typeOf('1.41')).not.toBe('application/vnd.docker.multiplexed-stream');
    await docker('rm', 'six');
  });

  test('an image has the fields of the client’s version', async () => {
    const fields = async (version: string) =>
      Object.keys(JSON.parse((await get(host, `/v${version}/images/busybox/json`)).text));
    expect(await fields('1.41')).toEqual(expect.arrayContaining(['VirtualSize', 'ContainerConfig']));
    const newer = await fields('1.50');
    expect(newer).toContain('Size');
    expect(newer).not.toContain('VirtualSize');
    expect(newer).not.toContain('ContainerConfig');
  });

  test('an engine that is gone is told with 503, and serves again once it is back', async () => {
    await dockerd.crash();
    const answer = await get(host, '/v1.50/containers/json');
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.text).message).toContain('Cannot connect to the Docker Engine');
    await dockerd.restart();
    expect((await get(host, '/v1.50/containers/json')).status).toBe(200);
  });
});

interface Got {
  readonly status: number;
  readonly type: string | undefined;
  readonly text: string;
}

function get(socketPath: string, path: string): Promise<Got> {
  return new Promise((resolve, reject) => {
    httpRequest({ socketPath, path, agent: false }, async (response) => {
      const chunks = await Array.fromAsync(response as AsyncIterable<Buffer>);
      const text = Buffer.concat(chunks).toString('utf8');
      resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'], text });
    })
      .on('error', reject)
      .end();
  });
}

/** How many logs of containers the engine holds open: one for each that runs, and one for each reader. */
async function openLogs(dockerd: Dockerd): Promise<number> {
  const descriptors = `/proc/${dockerd.pid}/fd`;
  const targets = await Promise.all(
    (await readdir(descriptors)).map((name) => readlink(join(descriptors, name)).catch(() => 'closed meanwhile')),
  );
  return targets.filter((target) => target.endsWith('-json.log')).length;
}
