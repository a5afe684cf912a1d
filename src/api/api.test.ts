import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock, SeededRandom } from '../base/index.ts';
import { createRoot, issueNodeCertificate } from '../ca/index.ts';
import type { ClusterId, NodeId } from '../model/index.ts';
import { type Api, createApi } from './api.ts';
import type { ApiEvent, ApiPorts } from './ports.ts';

let folder = '';
let api: Api | undefined;
let publish: (event: ApiEvent) => void = () => undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ruche-api-'));
  api = createApi(ports());
});

afterEach(async () => {
  await api?.close(0);
  await rm(folder, { recursive: true });
});

function ports(): ApiPorts {
  const version = { version: '0.0.0', gitCommit: '', buildTime: '', kernelVersion: '', arch: '', runtime: '' };
  const untouched = () => {
    throw new Error('not used by these tests');
  };
  return {
    clock: new ManualClock(),
    random: new SeededRandom(1),
    log: { warn: untouched, error: untouched },
    swarm: {
      membership: () => ({ kind: 'inactive' }),
      manager: () => undefined,
      init: untouched,
      join: untouched,
      leave: untouched,
      newJoinToken: untouched,
      interfaces: () => [],
      watchCommits: () => () => undefined,
    },
    logs: { taskLogs: untouched },
    engineInfo: {
      info: async () => ({ Name: 'hive-1', Warnings: ['mind the gap'] }),
      version: () => ({ ...version, components: [] }),
      watchEvents: (listener) => {
        publish = listener;
        return () => undefined;
      },
    },
  };
}

const event: ApiEvent = {
  Type: 'container',
  Action: 'start',
  Actor: { ID: 'c1', Attributes: {} },
  scope: 'local',
  time: 1,
  timeNano: 1,
};

function get(options: https.RequestOptions, isTls = false): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    (isTls ? https : http).get({ agent: false, ...options }, resolve).once('error', reject);
  });
}

async function textOf(response: http.IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part;
  return text;
}

test('the same API is served on several listeners', async () => {
  const sockets = [join(folder, 'a.sock'), join(folder, 'b.sock')];
  for (const path of sockets) expect(await api?.listen({ kind: 'unix', path })).toBe(`unix://${path}`);
  for (const socketPath of sockets) {
    expect(JSON.parse(await textOf(await get({ socketPath, path: '/info' })))).toMatchObject({
      Name: 'hive-1',
      Swarm: { LocalNodeState: 'inactive', NodeID: '', RemoteManagers: null },
      Warnings: ['mind the gap'],
    });
  }
});

test('events of the engine are streamed as they come, and the stream ends when the API stops', async () => {
  const socketPath = join(folder, 'api.sock');
  await api?.listen({ kind: 'unix', path: socketPath });
  const response = await get({ socketPath, path: '/events' });
  response.setEncoding('utf8');
  publish(event);
  const [line] = await once(response, 'data');
  expect(JSON.parse(line)).toEqual(event);
  const ended = once(response, 'end');
  await api?.close();
  await ended;
  await expect(get({ socketPath, path: '/_ping' })).rejects.toThrow('ENOENT');
});

test('with TLS only clients with a certificate of the CA are served', async () => {
  const now = Date.now();
  const root = await createRoot(now);
  const identity = { nodeId: 'n1' as NodeId, clusterId: 'c1' as ClusterId, role: 'manager' as const };
  const own = await issueNodeCertificate(root, identity, { now, expiryMs: 3_600_000 });
  const tls = { ca: root.certificate, cert: own.certificate, key: own.privateKey };
  const address = await api?.listen({ kind: 'tcp', host: '127.0.0.1', port: 0, tls });
  const { port } = new URL(address ?? '');
  const target = { host: '127.0.0.1', port, servername: 'swarm-manager', ca: root.certificate, path: '/_ping' };
  const answer = await get({ ...target, cert: own.certificate, key: own.privateKey }, true);
  expect(await textOf(answer)).toBe('OK');
  await expect(get(target, true)).rejects.toThrow(/certificate required|ECONNRESET|socket hang up|EPROTO/);
  const stranger = await createRoot(now);
  const foreign = await issueNodeCertificate(stranger, identity, { now, expiryMs: 3_600_000 });
  await expect(get({ ...target, cert: foreign.certificate, key: foreign.privateKey }, true)).rejects.toThrow();
});

test('on loopback without TLS a web page gets nothing', async () => {
  const address = await api?.listen({ kind: 'tcp', host: '127.0.0.1', port: 0, insecureLoopback: true });
  const { port } = new URL(address ?? '');
  const ask = async (headers: Record<string, string>) =>
    (await get({ host: '127.0.0.1', port, path: '/_ping', headers })).statusCode;
  expect(await ask({})).toBe(200);
  expect(await ask({ host: 'evil.example' })).toBe(403);
  expect(await ask({ origin: 'https://evil.example' })).toBe(403);
});

test('a network that every node has is refused by name, an unknown one is not found', async () => {
  const socketPath = join(folder, 'api.sock');
  await api?.listen({ kind: 'unix', path: socketPath });
  const ask = async (name: string) => {
    const response = await get({ socketPath, path: `/networks/${name}?scope=swarm` });
    return [response.statusCode, JSON.parse(await textOf(response)).message];
  };
  expect(await ask('host')).toEqual([501, 'the network host is not implemented yet']);
  expect(await ask('bridge')).toEqual([501, 'the network bridge is not implemented yet']);
  expect(await ask('nope')).toEqual([404, 'network nope not found']);
});
