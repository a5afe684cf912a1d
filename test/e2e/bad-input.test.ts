import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from './harness/command.ts';
import { type Bed, makeBed, untilStopped } from './harness/engines.ts';

let bed: Bed;
beforeAll(async () => {
  bed = await makeBed('embedded');
  await bed.daemon.dockerOk(['swarm', 'init', '--advertise-addr', '127.0.0.1']);
});
afterAll(() => bed?.dispose());

const spec = (extra: object = {}) => ({
  Name: 'x',
  TaskTemplate: { ContainerSpec: { Image: 'busybox:latest' } },
  Mode: { Replicated: { Replicas: 0 } },
  ...extra,
});

/** Sends bytes as they are and gives all that comes back until the connection ends or is quiet. */
function raw(text: string, options: { close?: boolean } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(bed.daemon.socket);
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
      if (answer.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
    socket.write(text);
    if (options.close) socket.destroy();
  });
}

async function stillServes(): Promise<void> {
  expect((await bed.daemon.get('/services')).status).toBe(200);
}

describe('requests', () => {
  test.each([
    ['broken JSON', '{"Name":', 400],
    ['a list for an object', '[]', 400],
    ['a text for a number', JSON.stringify(spec({ Mode: { Replicated: { Replicas: 'many' } } })), 400],
    ['content after the document', `${JSON.stringify(spec())}}`, 400],
    ['a bad name', JSON.stringify(spec({ Name: 'a..b' })), 400],
    ['no image', JSON.stringify(spec({ TaskTemplate: { ContainerSpec: {} } })), 400],
    ['a field that has no effect yet', JSON.stringify(spec({ EndpointSpec: { Ports: [{ TargetPort: 80 }] } })), 501],
  ])('%s is answered with words', async (_what, body, status) => {
    const headers = `POST /services/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}`;
    const answer = await raw(`${headers}\r\n\r\n${body}`);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    await stillServes();
  });

  test('a body above the limit is refused before it is read', async () => {
    const answer = await raw('POST /services/create HTTP/1.1\r\nHost: d\r\nContent-Length: 999999999999\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 (400|413) /);
    await stillServes();
  });

  test('a body that is cut off leaves nothing behind', async () => {
    await raw('POST /services/create HTTP/1.1\r\nHost: d\r\nContent-Length: 500\r\n\r\n{"Name":"half"', {
      close: true,
    });
    expect((await bed.daemon.get('/services/half')).status).toBe(404);
  });

  test('what is not HTTP is refused', async () => {
    expect(await raw('\x16\x03\x01\x02\x00 hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
    await stillServes();
  });

  test('depth that would overflow a stack is refused', async () => {
    const deep = `{"Name":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const { status } = await bed.daemon.call('POST', '/services/create', JSON.parse('{}'));
    expect(status).toBe(400);
    const headers = `POST /services/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: ${deep.length}`;
    expect(await raw(`${headers}\r\n\r\n${deep}`)).toMatch(/^HTTP\/1.1 400 /);
    await stillServes();
  });
});

describe('clients and registries', () => {
  test('a client that never reads a log does not hold up others', async () => {
    const chatter = ['sh', '-c', 'trap "exit 0" TERM; while :; do echo 0123456789012345678901234567890123456789; done'];
    await bed.daemon.dockerOk(['service', 'create', '--detach', '-q', '--name', 'chatter', 'busybox', ...chatter]);
    await until(
      'it runs',
      async () => (await bed.daemon.dockerOk(['service', 'ls', '--format', '{{.Replicas}}'])) === '1/1',
    );
    const deaf = connect(bed.daemon.socket);
    deaf.write('GET /services/chatter/logs?stdout=1&follow=1 HTTP/1.1\r\nHost: d\r\n\r\n');
    await until('the connection is full', async () => {
      const startedAt = performance.now();
      await stillServes();
      return performance.now() - startedAt < 1000;
    });
    deaf.destroy();
    await bed.daemon.dockerOk(['service', 'rm', 'chatter']);
  });

  test('a registry that is down is said, at the command and on the task', async () => {
    const pulled = await bed.daemon.docker(['pull', 'localhost:1/nosuch:1']);
    expect(pulled.status).not.toBe(0);
    expect(pulled.stderr).toContain('localhost:1');
    await bed.daemon.dockerOk([
      'service',
      'create',
      '--detach',
      '-q',
      '--no-resolve-image',
      '--name',
      'down',
      'localhost:1/nosuch:1',
    ]);
    await until('the task says why', async () =>
      (await bed.daemon.dockerOk(['service', 'ps', '--no-trunc', 'down'])).includes('nosuch'),
    );
    await bed.daemon.dockerOk(['service', 'rm', 'down']);
  });

  test('a registry that accepts and says nothing can be interrupted', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const pull = request({
      socketPath: bed.daemon.socket,
      method: 'POST',
      path: `/images/create?fromImage=127.0.0.1:${port}/a&tag=1`,
    });
    pull.on('error', () => undefined);
    pull.end();
    await stillServes();
    pull.destroy();
    silent.close();
    await stillServes();
  });
});

test('after all of it the daemon runs services as before', async () => {
  expect(await bed.daemon.dockerOk(['service', 'create', '--name', 'after', 'busybox', ...untilStopped()])).toContain(
    'converged',
  );
  await bed.daemon.dockerOk(['service', 'rm', 'after']);
  expect(bed.daemon.output).not.toContain('"level":60');
});
