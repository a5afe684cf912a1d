import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { messageOf } from '../../base/index.ts';
import type { ContainerId } from '../../model/index.ts';
import type { ContainerLogOptions } from './container.ts';
import { Bench, CALL_TIMEOUT_MS, type EngineSuite, shell, textOf } from './suite/bench.ts';

export { type EngineSuite, type EngineUnderTest, PROGRAM_LABEL, type SuiteProgram } from './suite/bench.ts';

/** The behaviour that every engine shows through the port. Called at the top level of a test file. */
export function engineSuite(suite: EngineSuite): void {
  describe(`the ${suite.name} engine`, () => {
    const bench = new Bench(suite);
    beforeAll(() => bench.start());
    afterEach(() => bench.removeContainers());
    afterAll(() => bench.end());
    lifecycle(bench);
    refusals(bench);
    stopping(bench);
    events(bench);
    describe.skipIf(lacks(suite, 'logs'))(titled(suite, 'logs', 'output'), () => logs(bench));
    test.skipIf(lacks(suite, 'oom'))(titled(suite, 'oom', 'a container that ran out of memory says so'), async () => {
      const id = await bench.run('eatsMemory');
      const { State } = await bench.ended(id);
      expect(State).toMatchObject({ OOMKilled: true, ExitCode: 137 });
    });
    giveUps(bench);
    survival(bench);
  });
}

function lifecycle(bench: Bench): void {
  test('describes its machine as nodes show it', async () => {
    const description = await bench.engine.describe(bench.signal());
    expect(description.Platform).toMatchObject({ OS: 'linux' });
    expect(description.Platform?.Architecture).toMatch(/^(x86_64|aarch64)$/);
    expect(description.Resources?.NanoCPUs).toBeGreaterThanOrEqual(1_000_000_000);
    expect(description.Resources?.MemoryBytes).toBeGreaterThan(16_777_216);
    expect(description.Engine?.EngineVersion).not.toBe('');
  });

  test('a container is created, runs, ends and is gone', async () => {
    const id = await bench.create('serves', { name: 'life' });
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    const created = await bench.inspect(id);
    expect(created).toMatchObject({ Id: id, Name: `/${bench.name('life')}` });
    expect(created.State).toMatchObject({ Status: 'created', Running: false, Pid: 0 });
    await bench.engine.startContainer(id, bench.signal());
    const running = await bench.inspect(id);
    expect(running.State).toMatchObject({ Status: 'running', Running: true, ExitCode: 0 });
    expect(running.State.Pid).toBeGreaterThan(1);
    expect(Date.parse(running.State.StartedAt)).toBeGreaterThanOrEqual(Date.parse(created.Created));
    await bench.ready(id);
    await bench.engine.stopContainer(id, 10_000, bench.signal());
    const ended = await bench.inspect(id);
    expect(ended.State).toMatchObject({ Status: 'exited', Running: false, Pid: 0 });
    expect(Date.parse(ended.State.FinishedAt)).toBeGreaterThanOrEqual(Date.parse(ended.State.StartedAt));
    await bench.engine.removeContainer(id, bench.signal());
    expect(await bench.engine.inspectContainer(id, bench.signal())).toBeUndefined();
  });

  test.each([
    ['succeeds', 0],
    ['fails', 7],
  ] as const)('a container that %s shows exit code %i', async (program, code) => {
    const { State } = await bench.ended(await bench.run(program));
    expect(State).toMatchObject({ Status: 'exited', Running: false, ExitCode: code, OOMKilled: false });
  });

  test('is found by name, and by label with and without value', async () => {
    const web = await bench.create('serves', { name: 'web', labels: { tier: 'front', suite: 'labels' } });
    const store = await bench.create('serves', { name: 'store', labels: { tier: 'back', suite: 'labels' } });
    await bench.engine.startContainer(web, bench.signal());
    const byName = await bench.engine.inspectContainer(bench.name('web'), bench.signal());
    expect(byName?.Id).toBe(web);
    const idsOf = async (label: string) =>
      (await bench.engine.listContainers(label, bench.signal())).map(({ Id }) => Id).sort();
    expect(await idsOf('suite=labels')).toEqual([web, store].sort());
    expect(await idsOf('tier')).toEqual([web, store].sort());
    expect(await idsOf('tier=back')).toEqual([store]);
    expect(await idsOf('tier=none')).toEqual([]);
    const [first] = await bench.engine.listContainers('tier=front', bench.signal());
    expect(first).toMatchObject({ State: { Status: 'running' }, Config: { Labels: { tier: 'front' } } });
  });

  test('starting, stopping and removing twice is the same as once', async () => {
    const id = await bench.run('serves');
    await bench.ready(id);
    await bench.engine.startContainer(id, bench.signal());
    await bench.engine.stopContainer(id, 10_000, bench.signal());
    const { State } = await bench.inspect(id);
    await bench.engine.stopContainer(id, 10_000, bench.signal());
    expect((await bench.inspect(id)).State).toEqual(State);
    await bench.engine.removeContainer(id, bench.signal());
    await bench.engine.removeContainer(id, bench.signal());
  });

  test('a running container is removed, also by two at once', async () => {
    const id = await bench.run('ignoresStop');
    await Promise.all([1, 2].map(() => bench.engine.removeContainer(id, bench.signal())));
    expect(await bench.engine.inspectContainer(id, bench.signal())).toBeUndefined();
  });

  test('twenty containers start at once', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => bench.run('serves')));
    const pids = await Promise.all(ids.map(async (id) => (await bench.inspect(id)).State.Pid));
    expect(new Set(pids).size).toBe(20);
    await Promise.all(ids.map((id) => bench.engine.removeContainer(id, bench.signal())));
  });
}

function refusals(bench: Bench): void {
  test('a taken name is refused by name', async () => {
    await bench.create('serves', { name: 'taken' });
    const error = await failure(bench.create('serves', { name: 'taken' }));
    expect(error).toMatchObject({ code: 'container-name-taken' });
    expect(error.message).toContain(bench.name('taken'));
  });

  test('an unknown image is refused', async () => {
    expect(await bench.engine.findImage('no-such-image-here:1', bench.signal())).toBeUndefined();
    const create = { Image: 'no-such-image-here:1' };
    const error = await failure(
      bench.engine.createContainer(bench.name('noimage'), create, { signal: bench.signal() }),
    );
    expect(error.message).toContain('No such image: no-such-image-here:1');
  });

  test('the image is found by name and by id', async () => {
    const image = await bench.engine.findImage(bench.suite.image, bench.signal());
    expect(image?.id).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test('a container that is not there is refused, and inspected as undefined', async () => {
    // Brands an id that no engine has.
    const id = 'f'.repeat(64) as ContainerId;
    expect(await bench.engine.inspectContainer(id, bench.signal())).toBeUndefined();
    expect((await failure(bench.engine.startContainer(id, bench.signal()))).message).toMatch(/No such container/);
    expect((await failure(bench.engine.stopContainer(id, 1000, bench.signal()))).message).toMatch(/No such container/);
  });
}

function stopping(bench: Bench): void {
  test('a container that obeys ends by itself, with its own exit code', async () => {
    const id = await bench.run('serves');
    await bench.ready(id);
    await bench.engine.stopContainer(id, 20_000, bench.signal());
    expect((await bench.inspect(id)).State).toMatchObject({ Running: false, ExitCode: 3 });
  });

  test('one that does not is killed after its grace, not before', async () => {
    const id = await bench.run('ignoresStop');
    await bench.ready(id);
    const began = performance.now();
    await bench.engine.stopContainer(id, 1_000, bench.signal());
    expect(performance.now() - began).toBeGreaterThanOrEqual(950);
    expect((await bench.inspect(id)).State).toMatchObject({ Running: false, ExitCode: 137 });
  });

  const title = titled(bench.suite, 'ownSignal', 'its own stop signal is the one sent');
  test.skipIf(lacks(bench.suite, 'ownSignal'))(title, async () => {
    const id = await bench.run('ownSignal');
    await bench.ready(id);
    await bench.engine.stopContainer(id, 20_000, bench.signal());
    expect((await bench.inspect(id)).State).toMatchObject({ Running: false, ExitCode: 21 });
  });
}

function events(bench: Bench): void {
  test('events come in order, with labels and true times', async () => {
    const id = await bench.create('serves', { labels: { suite: 'events' } });
    await bench.engine.startContainer(id, bench.signal());
    await bench.ready(id);
    await bench.engine.stopContainer(id, 10_000, bench.signal());
    await bench.engine.removeContainer(id, bench.signal());
    await bench.event(id, 'removed');
    const seen = bench.eventsOf(id);
    expect(seen.map(({ kind }) => kind)).toEqual(['created', 'started', 'died', 'removed']);
    expect(seen.every(({ labels }) => labels.suite === 'events')).toBe(true);
    const times = seen.map(({ at }) => at);
    expect(times).toEqual([...times].sort());
    expect(Math.abs(Date.parse(times[0] ?? '') - Date.now())).toBeLessThan(CALL_TIMEOUT_MS);
  });

  test('a watch that is listening misses nothing that happens after', async () => {
    const stop = new AbortController();
    const watch = bench.engine.watch(stop.signal)[Symbol.asyncIterator]();
    expect((await watch.next()).value).toBe('listening');
    const id = await bench.create('serves');
    for (;;) {
      const { value } = await watch.next();
      if (value !== 'listening' && value?.id === id) {
        expect(value).toMatchObject({ kind: 'created' });
        break;
      }
    }
    stop.abort();
    expect((await watch.next()).done).toBe(true);
  });
}

function logs(bench: Bench): void {
  const all: ContainerLogOptions = { stdout: true, stderr: true, follow: false };

  test('both streams come with their true times', async () => {
    const id = await bench.run('talks');
    const { State } = await bench.ended(id);
    const records = await bench.logs(id, all);
    const texts = (stream: string) => records.filter((record) => record.stream === stream).map(textOf);
    expect(texts('stdout')).toEqual(['out 1\n', 'out 2\n']);
    expect(texts('stderr')).toEqual(['err 1\n', 'err 2\n']);
    const times = records.map(({ at }) => Date.parse(at));
    expect(Math.min(...times)).toBeGreaterThanOrEqual(Date.parse(State.StartedAt) - 50);
    expect(Math.max(...times)).toBeLessThanOrEqual(Date.parse(State.FinishedAt) + 50);
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThanOrEqual(280);
    expect((await bench.logs(id, { ...all, stderr: false })).map(textOf)).toEqual(['out 1\n', 'out 2\n']);
  });

  test('tail gives the last lines, since those from a time on', async () => {
    const id = await bench.run('prints');
    await bench.ended(id);
    const whole = await bench.logs(id, all);
    expect(whole.map(textOf)).toEqual(Array.from({ length: 20 }, (_, at) => `line ${at + 1}\n`));
    expect((await bench.logs(id, { ...all, tail: 3 })).map(textOf)).toEqual(['line 18\n', 'line 19\n', 'line 20\n']);
    expect(await bench.logs(id, { ...all, tail: 0 })).toEqual([]);
    const since = whole[9]?.at ?? '';
    const expected = whole.filter(({ at }) => at >= since).map(textOf);
    expect((await bench.logs(id, { ...all, since })).map(textOf)).toEqual(expected);
    const later = new Date(Date.parse(whole[19]?.at ?? '') + 1000).toISOString();
    expect(await bench.logs(id, { ...all, since: later })).toEqual([]);
  });

  test('a line longer than any buffer comes whole', async () => {
    const id = await bench.create('prints', {
      create: { Cmd: shell('head -c 100000 /dev/zero | tr "\\0" x; echo; echo end') },
    });
    await bench.engine.startContainer(id, bench.signal());
    await bench.ended(id);
    expect((await bench.logs(id, all)).map(textOf).join('')).toBe(`${'x'.repeat(100_000)}\nend\n`);
  });

  test('with a terminal all is one stream, with times', async () => {
    const script = 'echo out; echo err >&2; head -c 40000 /dev/zero | tr "\\0" x; echo; echo end';
    const id = await bench.create('prints', { create: { Cmd: shell(script), Tty: true } });
    await bench.engine.startContainer(id, bench.signal());
    await bench.ended(id);
    const records = await bench.logs(id, all);
    expect(records.map(textOf).join('')).toBe(`out\r\nerr\r\n${'x'.repeat(40_000)}\r\nend\r\n`);
    expect(records.every(({ at, stream }) => stream === 'stdout' && !Number.isNaN(Date.parse(at)))).toBe(true);
  });

  test('follow gives lines as they come, and ends with the container', async () => {
    const id = await bench.run('serves');
    const texts: string[] = [];
    for await (const record of bench.engine.logs(id, { ...all, follow: true }, bench.signal())) {
      texts.push(textOf(record));
      expect((await bench.inspect(id)).State.Running).toBe(true);
      await bench.engine.stopContainer(id, 10_000, bench.signal());
    }
    expect(texts).toEqual(['ready\n']);
  });

  test('a reader of logs that gives up is let go', async () => {
    const id = await bench.run('serves');
    const stop = new AbortController();
    const reading = bench.engine.logs(id, { ...all, follow: true }, stop.signal)[Symbol.asyncIterator]();
    expect((await reading.next()).done).toBe(false);
    const next = reading.next();
    stop.abort();
    expect((await next).done).toBe(true);
  });
}

function giveUps(bench: Bench): void {
  test('a call with an aborted signal does nothing and says why', async () => {
    const signal = AbortSignal.abort(new Error('not wanted'));
    const name = bench.name('aborted');
    const create = bench.createOf('serves', {});
    expect((await failure(bench.engine.createContainer(name, create, { signal }))).message).toBe('not wanted');
    expect(await bench.engine.inspectContainer(name, bench.signal())).toBeUndefined();
    expect((await failure(bench.engine.describe(signal))).message).toBe('not wanted');
  });

  test('a call under way ends with its signal', async () => {
    const id = await bench.run('ignoresStop');
    const stop = new AbortController();
    const stopping = failure(bench.engine.stopContainer(id, 600_000, stop.signal));
    stop.abort(new Error('not wanted any more'));
    expect((await stopping).message).toBe('not wanted any more');
  });
}

function survival(bench: Bench): void {
  test('containers live on while nobody drives the engine', async () => {
    const running = await bench.run('serves', { labels: { suite: 'survival' } });
    await bench.ready(running);
    const before = await bench.inspect(running);
    await bench.reopen();
    const [after] = await bench.engine.listContainers('suite=survival', bench.signal());
    expect(after?.State).toEqual(before.State);
    await bench.engine.stopContainer(running, 10_000, bench.signal());
    expect((await bench.ended(running)).State.ExitCode).toBe(3);
  });
}

/** The error that a call must fail with. */
async function failure(call: Promise<unknown>): Promise<Error> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`not an error: ${messageOf(error)}`);
  }
  throw new Error('the call went well, it should have failed');
}

type Lack = NonNullable<EngineSuite['lacks']>[number];

/** Why a test is left out on an engine that runs no programs. */
const reasons: Readonly<Record<Lack, string>> = {
  logs: 'its containers write nothing',
  oom: 'its containers use no memory',
  ownSignal: 'its containers have no programs that could tell signals apart',
};

function lacks(suite: EngineSuite, what: Lack): boolean {
  return suite.lacks?.includes(what) ?? false;
}

/** A test that is left out says why in its name, where every report shows it. */
function titled(suite: EngineSuite, what: Lack, title: string): string {
  return lacks(suite, what) ? `${title} (left out on the ${suite.name} engine: ${reasons[what]})` : title;
}
