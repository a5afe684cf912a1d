import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EmbeddedEngine } from '../../src/engine/embedded/index.ts';
import type { ExecCreate, ProcessStream } from '../../src/engine/index.ts';
import type { ContainerId } from '../../src/model/index.ts';
import {
  type EngineDirectories,
  makeDirectories,
  openEngine,
  removeDirectories,
  soon,
  startLong,
} from './harness/embedded.ts';

let directories: EngineDirectories;
let engine: EmbeddedEngine;
let container: ContainerId;

beforeAll(async () => {
  directories = makeDirectories();
  engine = await openEngine(directories);
  container = await startLong(engine, { Env: ['OWN=1'] });
});
afterAll(async () => {
  await engine.removeContainer(container, soon());
  await engine.close();
  removeDirectories(directories);
});

const attached = { AttachStdin: true, AttachStdout: true, AttachStderr: true };

async function start(
  create: ExecCreate,
): Promise<{ id: string; stream: Awaited<ReturnType<EmbeddedEngine['startExec']>> }> {
  const id = await engine.createExec(container, create, soon());
  return { id, stream: await engine.startExec(id, soon()) };
}

async function collect(stream: ProcessStream): Promise<{ stdout: string; stderr: string }> {
  const output = { stdout: '', stderr: '' };
  for await (const frame of stream.output) output[frame.stream] += Buffer.from(frame.bytes).toString();
  return output;
}

/** Reads until the output so far satisfies; the iterator stays open. */
async function readUntil(
  output: AsyncIterator<{ bytes: Uint8Array }>,
  isThere: (text: string) => boolean,
): Promise<string> {
  let text = '';
  while (!isThere(text)) {
    const next = await output.next();
    if (next.done) throw new Error(`the output ended: ${JSON.stringify(text)}`);
    text += Buffer.from(next.value.bytes).toString();
  }
  return text;
}

describe('exec without a terminal', () => {
  test('both streams, exit code, environment, user and directory', async () => {
    const { id, stream } = await start({
      ...attached,
      Cmd: [
        'sh',
        '-c',
        'echo out $OWN $EXTRA $FROM_IMAGE; pwd; id -un; grep -E "CapEff|Seccomp:" /proc/self/status; echo err >&2; exit 7',
      ],
      Env: ['EXTRA=2'],
      User: 'app',
      WorkingDir: '/tmp',
    });
    const { stdout, stderr } = await collect(stream);
    expect(stdout).toMatch(/^out 1 2 yes\n\/tmp\napp\nCapEff:\s+0+\nSeccomp:\s+2\n$/);
    expect(stderr).toBe('err\n');
    expect(await stream.exitCode).toBe(7);
    expect(engine.inspectExec(id as never)).toMatchObject({ Running: false, ExitCode: 7, ContainerID: container });
    await expect(engine.startExec(id as never, soon())).rejects.toMatchObject({ code: 'exec-started-already' });
  });

  test('input goes in, and its end ends it while output goes on', async () => {
    const { stream } = await start({ ...attached, Cmd: ['sh', '-c', 'cat; echo after'] });
    await stream.write(Buffer.from('one\n'));
    await stream.write(Buffer.from('two\n'));
    stream.endInput();
    expect((await collect(stream)).stdout).toBe('one\ntwo\nafter\n');
    expect(await stream.exitCode).toBe(0);
  });

  test('ten megabytes through it arrive whole', async () => {
    const { stream } = await start({ ...attached, Cmd: ['head', '-c', '10485760', '/dev/zero'] });
    let size = 0;
    for await (const { bytes } of stream.output) size += bytes.length;
    expect(size).toBe(10_485_760);
  });

  test('what is not there: 127 with the reason; not executable: 126', async () => {
    const missing = await start({ ...attached, Cmd: ['no-such-program'] });
    const { stderr } = await collect(missing.stream);
    expect(stderr).toMatch(/executable file not found/);
    expect(await missing.stream.exitCode).toBe(127);
    const id = await engine.createExec(container, { Cmd: ['/data/seed'] }, soon());
    await expect(engine.startExecDetached(id, soon())).rejects.toMatchObject({ code: 'exec-failed' });
    expect(engine.inspectExec(id)?.ExitCode).toBe(126);
  });

  test('detached: runs on its own, its code is kept', async () => {
    const id = await engine.createExec(
      container,
      { Cmd: ['sh', '-c', 'test -e /go || touch /started; while ! test -e /go; do sleep 0.02; done; exit 9'] },
      soon(),
    );
    await engine.startExecDetached(id, soon());
    expect(engine.inspectExec(id)).toMatchObject({ Running: true, ExitCode: null, Pid: expect.any(Number) });
    const ended = new Promise<void>((resolve) => {
      const release = engine.subscribe(({ Action, Actor }) => {
        if (Action !== 'exec_die' || Actor.Attributes.execID !== id) return;
        release();
        resolve();
      });
    });
    await collect((await start({ ...attached, Cmd: ['touch', '/go'] })).stream);
    await ended;
    expect(engine.inspectExec(id)).toMatchObject({ Running: false, ExitCode: 9 });
  });

  test('a client that goes away takes the process with it', async () => {
    const { stream } = await start({ ...attached, Cmd: ['sh', '-c', 'echo up; sleep 777'] });
    await readUntil(stream.output[Symbol.asyncIterator](), (text) => text.includes('up'));
    stream.close();
    expect(await stream.exitCode).toBe(137);
  });

  test('no command, privileged and a container that does not run are refused', async () => {
    await expect(engine.createExec(container, { Cmd: [] }, soon())).rejects.toMatchObject({ code: 'exec-no-command' });
    await expect(engine.createExec(container, { Cmd: ['id'], Privileged: true }, soon())).rejects.toMatchObject({
      code: 'container-field-not-built',
    });
    const idle = await engine.createContainer('idle', { Image: 'busybox' }, { signal: soon() });
    await expect(engine.createExec(idle, { Cmd: ['id'] }, soon())).rejects.toMatchObject({
      code: 'container-not-running',
    });
    await engine.removeContainer(idle, soon());
  });
});

describe('exec with a terminal', () => {
  test('is one, of the size asked for; typed lines are echoed once; the size changes; the code is right', async () => {
    const { id, stream } = await start({ ...attached, Tty: true, Cmd: ['sh'], ConsoleSize: [30, 100] });
    const output = stream.output[Symbol.asyncIterator]();
    await readUntil(output, (text) => text.includes('# '));
    await stream.write(Buffer.from('stty size; tty\n'));
    const first = await readUntil(output, (text) => text.includes('/dev/pts/'));
    expect(first).toContain('30 100\r\n/dev/pts/');
    expect(first.split('stty size; tty').length - 1).toBe(1);
    await engine.resizeExec(id as never, 40, 132);
    await stream.write(Buffer.from('stty size\n'));
    await readUntil(output, (text) => text.includes('40 132\r\n'));
    await stream.write(Buffer.from('exit 5\n'));
    expect(await stream.exitCode).toBe(5);
  });

  test('a terminal has no half-close; its end of input is typed', async () => {
    const { stream } = await start({ ...attached, Tty: true, Cmd: ['cat'] });
    const collected = collect(stream);
    await stream.write(Buffer.from('line\n'));
    stream.endInput();
    await stream.write(Buffer.from('\x04'));
    expect((await collected).stdout).toContain('line\r\nline\r\n');
    expect(await stream.exitCode).toBe(0);
  });

  test('what is not there: 127', async () => {
    const { stream } = await start({ ...attached, Tty: true, Cmd: ['no-such-program'] });
    expect((await collect(stream)).stdout).toMatch(/executable file not found/);
    expect(await stream.exitCode).toBe(127);
  });

  test('a client that goes away takes the process with it', async () => {
    const { stream } = await start({ ...attached, Tty: true, Cmd: ['sleep', '778'] });
    const drained = collect(stream);
    stream.close();
    expect(await stream.exitCode).not.toBe(0);
    await drained;
  });
});

describe('attach', () => {
  test('input reaches the first process, output comes piece by piece, and the end of input is its end', async () => {
    const id = await engine.createContainer(
      'attached',
      {
        Image: 'busybox',
        Cmd: ['sh', '-c', 'printf "name? "; read name; echo hello $name; cat; echo over'],
        OpenStdin: true,
        StdinOnce: true,
      },
      { signal: soon() },
    );
    await engine.startContainer(id, soon());
    const stream = await engine.attachContainer(
      id,
      { stdin: true, stdout: true, stderr: true, logs: true, stream: true },
      soon(),
    );
    const output = stream.output[Symbol.asyncIterator]();
    await readUntil(output, (text) => text === 'name? ');
    await stream.write(Buffer.from('bee\n'));
    await readUntil(output, (text) => text.includes('hello bee\n'));
    stream.endInput();
    await readUntil(output, (text) => text.includes('over\n'));
    expect((await output.next()).done).toBe(true);
    expect(await engine.waitContainer(id, 'not-running', soon())).toBe(0);
    await engine.removeContainer(id, soon());
  });

  test('a terminal is resized', async () => {
    const id = await startLong(engine, { Cmd: ['sh'], Tty: true, OpenStdin: true });
    const stream = await engine.attachContainer(
      id,
      { stdin: true, stdout: true, stderr: true, logs: true, stream: true },
      soon(),
    );
    const output = stream.output[Symbol.asyncIterator]();
    await engine.resizeContainer(id, 33, 111);
    await stream.write(Buffer.from('until test "$(stty size)" = "33 111"; do sleep 0.01; done; echo si""zed\n'));
    await readUntil(output, (text) => text.includes('sized'));
    stream.close();
    await engine.removeContainer(id, soon());
  });
});

describe('health', () => {
  test('the verdict follows the check and is told', async () => {
    const MS = 1_000_000;
    const id = await startLong(engine, {
      Healthcheck: {
        Test: ['CMD-SHELL', 'echo looked; test -e /fine'],
        Interval: 50 * MS,
        Timeout: 5000 * MS,
        Retries: 2,
      },
    });
    const verdict = (status: string): Promise<void> =>
      new Promise((resolve) => {
        const release = engine.subscribe((message) => {
          if (message.id !== id || message.Action !== `health_status: ${status}`) return;
          release();
          resolve();
        });
      });
    expect((await engine.inspectContainer(id, soon()))?.State.Health?.Status).toBe('starting');
    await verdict('unhealthy');
    const healthy = verdict('healthy');
    const touch = await engine.createExec(id, { Cmd: ['touch', '/fine'] }, soon());
    await engine.startExecDetached(touch, soon());
    await healthy;
    expect((await engine.inspectContainer(id, soon()))?.State.Health).toMatchObject({
      Status: 'healthy',
      FailingStreak: 0,
      Log: expect.arrayContaining([expect.objectContaining({ ExitCode: 0, Output: 'looked\n' })]),
    });
    expect(engine.listContainerSummaries({ all: false, filters: { health: ['healthy'] } })).toMatchObject([{ Id: id }]);
    await engine.removeContainer(id, soon());
  });
});
