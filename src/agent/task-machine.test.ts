import { describe, expect, test } from 'vitest';
import type { ContainerId, DesiredState, TaskState, TaskStatus } from '../model/index.ts';
import type { TaskEffect, TaskEvent, TaskMachine, TaskPolicy } from './task-events.ts';
import { type ContainerFacts, createdFacts } from './task-facts.ts';
import { ALONE_RESTART_MS, advance, FIRST_RETRY_MS, LONGEST_RETRY_MS, newTask, nextDeadline } from './task-machine.ts';
import { STOP_REFUSALS_BEFORE_FORCE } from './task-steps.ts';

const id = 'c1' as ContainerId;
const created = createdFacts(id);
const running: ContainerFacts = { ...created, phase: 'running', pid: 42, startedAt: '1970-01-01T00:00:01Z' };
const ended = (exitCode: number, more: Partial<ContainerFacts> = {}): ContainerFacts => ({
  ...running,
  phase: 'ended',
  pid: 0,
  exitCode,
  ...more,
});

/** A machine and everything it has asked for so far. */
class Play {
  machine: TaskMachine;
  now = 10_000;
  effects: readonly TaskEffect[] = [];
  readonly states: string[] = [];

  constructor(state: TaskState = 'assigned', desired: DesiredState = 'running', policy: Partial<TaskPolicy> = {}) {
    const status: TaskStatus = { Timestamp: '1970-01-01T00:00:00Z', State: state, Message: 'started' };
    this.machine = newTask({ desired, status, policy: { restartsAlone: true, ...policy } });
  }

  take(event: TaskEvent): this {
    const { machine, effects } = advance(this.machine, event, this.now);
    this.machine = machine;
    this.effects = effects;
    for (const effect of effects)
      if (effect.kind === 'report') this.states.push(`${effect.status.State}: ${effect.status.Message}`);
    return this;
  }

  listed(container?: ContainerFacts, isAfterReboot = false): this {
    return this.take({ kind: 'listed', container, isAfterReboot });
  }

  done(container?: ContainerFacts): this {
    return this.take({ kind: 'done', token: this.machine.nextToken - 1, container });
  }

  failed(text: string, temporary: boolean): this {
    return this.take({ kind: 'failed', token: this.machine.nextToken - 1, text, temporary });
  }

  wait(ms: number): this {
    this.now += ms;
    return this.take({ kind: 'wake' });
  }

  /** Pulled, created and started. */
  run(container: ContainerFacts = running): this {
    return this.listed().done().done(created).done(container);
  }

  get step() {
    return this.machine.step?.kind;
  }
}

describe('the way up', () => {
  test("every state is reported with Swarm's message", () => {
    const play = new Play().run();
    expect(play.states).toEqual([
      'accepted: accepted',
      'preparing: preparing',
      'ready: prepared',
      'starting: starting',
      'running: started',
    ]);
    expect(play.machine.status.ContainerStatus).toEqual({ ContainerID: id, PID: 42, ExitCode: 0 });
  });

  test('nothing is done before the engine has told what there is', () => {
    const play = new Play().take({ kind: 'desired', state: 'running' });
    expect(play.step).toBeUndefined();
    expect(play.machine.status.State).toBe('accepted');
  });

  test('parks at ready until running is desired', () => {
    const play = new Play('assigned', 'ready').listed().done().done(created);
    expect([play.machine.status.State, play.step]).toEqual(['ready', undefined]);
    play.take({ kind: 'desired', state: 'running' });
    expect([play.machine.status.State, play.step]).toEqual(['starting', 'start']);
  });

  test('a container that is found running is adopted', () => {
    const play = new Play('preparing').listed(running);
    expect([play.machine.status.State, play.step]).toEqual(['running', undefined]);
  });

  test('a container that has ended before anybody looked was running all the same', () => {
    const play = new Play().run(ended(3));
    expect(play.states.slice(-2)).toEqual(['running: started', 'failed: started']);
    expect(play.machine.status.Err).toBe('task: non-zero exit (3)');
  });

  test('stays at starting until healthy', () => {
    const play = new Play('assigned', 'running', { healthTimeoutMs: 60_000 }).run({ ...running, health: 'starting' });
    expect(play.machine.status.State).toBe('starting');
    expect(nextDeadline(play.machine)).toBe(70_000);
    play.take({ kind: 'seen', container: { ...running, health: 'healthy' } });
    expect(play.machine.status.State).toBe('running');
    expect(nextDeadline(play.machine)).toBeUndefined();
  });
});

describe('the ends', () => {
  test.each([
    ['exit 0', ended(0), 'complete', 'finished', undefined],
    ['exit 3', ended(3), 'failed', 'started', 'task: non-zero exit (3)'],
    ['out of memory', ended(137, { oomKilled: true }), 'failed', 'started', 'task: non-zero exit (137): out of memory'],
    [
      'engine error',
      ended(127, { error: 'no such file' }),
      'failed',
      'started',
      'task: non-zero exit (127): no such file',
    ],
    ['gone', undefined, 'failed', 'started', `No such container: ${id}`],
  ] as const)('running, then %s', (_name, container, state, message, error) => {
    const play = new Play().run().take({ kind: 'seen', container });
    expect(play.machine.status).toMatchObject({ State: state, Message: message });
    expect(play.machine.status.Err).toBe(error);
    expect(play.effects).toContainEqual({ kind: 'releaseNetwork' });
  });

  test('the time of the end is the engine’s', () => {
    const play = new Play().run().take({ kind: 'seen', container: ended(0, { finishedAt: '1970-01-01T00:00:12.5Z' }) });
    expect(play.machine.status.Timestamp).toBe('1970-01-01T00:00:12.5Z');
  });

  test.each([
    ['pull', 'rejected', (play: Play) => play.listed()],
    ['create', 'rejected', (play: Play) => play.listed().done()],
    ['start', 'failed', (play: Play) => play.listed().done().done(created)],
  ] as const)('a final error of %s makes it %s with the text', (step, state, prepare) => {
    const play = new Play();
    prepare(play);
    expect(play.step).toBe(step);
    play.failed('No such image: x', false);
    expect(play.machine.status).toMatchObject({ State: state, Err: 'No such image: x' });
    expect(play.step).toBeUndefined();
  });

  test('an unhealthy container is stopped and the task fails for it', () => {
    const play = new Play().run().take({ kind: 'seen', container: { ...running, health: 'unhealthy' } });
    expect(play.step).toBe('stop');
    play.done(ended(137));
    expect(play.machine.status).toMatchObject({
      State: 'failed',
      Err: 'task: non-zero exit (137): dockerexec: unhealthy container',
    });
  });

  test('a health check without verdict ends the start', () => {
    const play = new Play('assigned', 'running', { healthTimeoutMs: 500 }).run({ ...running, health: 'starting' });
    play.wait(500);
    expect(play.step).toBe('stop');
    expect(play.done(ended(143)).machine.status.Err).toContain('no verdict of the health check within 500 ms');
  });

  test('a wished end is shutdown whatever the code, and keeps the code', () => {
    const play = new Play().run().take({ kind: 'desired', state: 'shutdown' });
    expect(play.step).toBe('stop');
    play.done(ended(143));
    expect(play.machine.status).toMatchObject({
      State: 'shutdown',
      Message: 'shutdown',
      ContainerStatus: { ExitCode: 143 },
    });
    expect(play.machine.status.Err).toBeUndefined();
  });

  test('what has ended is never started again', () => {
    const play = new Play().run().take({ kind: 'seen', container: ended(1) });
    play.take({ kind: 'desired', state: 'complete' }).listed(created).wait(100_000);
    expect([play.machine.status.State, play.step]).toEqual(['failed', undefined]);
  });
});

describe('changes of mind', () => {
  test.each(['pull', 'create', 'start'] as const)('%s under way is given up when shutdown is desired', (step) => {
    const play = new Play().listed();
    if (step !== 'pull') play.done();
    if (step === 'start') play.done(created);
    expect(play.step).toBe(step);
    play.take({ kind: 'desired', state: 'shutdown' });
    expect(play.effects).toContainEqual({ kind: 'cancel', token: play.machine.nextToken - 1 });
    play.failed('given up', true);
    if (play.step === 'look') play.done(step === 'start' ? created : undefined);
    expect(play.machine.status).toMatchObject({ State: 'shutdown', Message: 'shutdown' });
    expect(nextDeadline(play.machine)).toBeUndefined();
  });

  test('a start that won the race against the cancellation is stopped', () => {
    const play = new Play().listed().done().done(created).take({ kind: 'desired', state: 'shutdown' }).done(running);
    expect([play.machine.status.State, play.step]).toEqual(['starting', 'stop']);
  });

  test('desired state never goes down', () => {
    const play = new Play('assigned', 'shutdown').take({ kind: 'desired', state: 'running' });
    expect(play.machine.desired).toBe('shutdown');
  });

  test('an unassigned task stops, removes its container and is forgotten', () => {
    const play = new Play().run().take({ kind: 'unassigned' });
    expect(play.step).toBe('stop');
    expect(play.done(ended(143)).step).toBe('remove');
    expect(play.done().effects).toEqual([{ kind: 'forget' }]);
  });

  test('news out of order take back neither an end nor a start', () => {
    const play = new Play().run().take({ kind: 'seen', container: ended(0) });
    play.take({ kind: 'seen', container: running }).take({ kind: 'seen', container: created });
    expect(play.machine.container?.phase).toBe('ended');
  });
});

describe('errors that pass', () => {
  test('are tried again with growing pauses, and the status says why', () => {
    const play = new Play().listed();
    for (let pauseMs = FIRST_RETRY_MS; pauseMs <= LONGEST_RETRY_MS * 2; pauseMs *= 2) {
      play.failed('engine is away', true);
      expect(play.machine.status).toMatchObject({ State: 'preparing', Err: 'engine is away (will try again)' });
      expect(nextDeadline(play.machine)).toBe(play.now + Math.min(pauseMs, LONGEST_RETRY_MS));
      play.wait(Math.min(pauseMs, LONGEST_RETRY_MS));
      expect(play.step).toBe('pull');
    }
    expect(play.done().machine.status.Err).toBeUndefined();
  });

  test('an outage keeps the state and is told, its end takes that back', () => {
    const play = new Play().run().take({ kind: 'engineLost', text: 'no engine' });
    expect(play.machine.status).toMatchObject({ State: 'running', Err: 'no engine' });
    play.listed(running);
    expect(play.machine.status.State).toBe('running');
    expect(play.machine.status.Err).toBeUndefined();
  });

  test('a list in between tries again at once and keeps saying why it waits', () => {
    const play = new Play().listed().failed('busy', true).listed();
    expect([play.step, play.machine.status.Err]).toEqual(['pull', 'busy (will try again)']);
    expect(play.done().machine.status.Err).toBeUndefined();
  });

  test('a container that the engine can not stop is removed by force', () => {
    const play = new Play().run().take({ kind: 'desired', state: 'shutdown' });
    for (let time = 1; time <= STOP_REFUSALS_BEFORE_FORCE; time++)
      play.failed('did not exit', false).wait(LONGEST_RETRY_MS).done(running);
    expect(play.step).toBe('remove');
    expect(play.done().machine.status).toMatchObject({
      State: 'shutdown',
      ContainerStatus: { ContainerID: id, PID: 0 },
    });
  });

  test('a start without effect does not spin', () => {
    const play = new Play().listed().done().done(created).done(created);
    expect([play.step, play.machine.status.Err]).toEqual([undefined, expect.stringContaining('will try again')]);
  });
});

describe('after a reboot', () => {
  test('a manager learns what died, and that the machine restarted', () => {
    const play = new Play('running').listed(ended(255), true);
    expect(play.machine.status.State).toBe('running');
    play.take({ kind: 'managerReached' });
    expect(play.machine.status).toMatchObject({
      State: 'failed',
      Message: 'the machine restarted',
      Err: 'task: non-zero exit (255)',
    });
  });

  test('without a manager the task is started again', () => {
    const play = new Play('running').listed(ended(255), true).wait(ALONE_RESTART_MS);
    expect(play.step).toBe('start');
    play.done({ ...running, startedAt: '1970-01-01T00:01:00Z', pid: 7 });
    expect(play.machine.status).toMatchObject({
      State: 'running',
      Message: 'started again after the machine restarted',
      ContainerStatus: { PID: 7 },
    });
  });

  test('a job that had finished is complete; one whose policy forbids it does not start again', () => {
    expect(new Play('running', 'complete', { restartsAlone: false }).listed(ended(0), true).machine.status.State).toBe(
      'complete',
    );
    const play = new Play('running', 'running', { restartsAlone: false }).listed(ended(0), true);
    expect(play.machine.status).toMatchObject({ State: 'failed', Err: 'the container ended with the machine' });
  });
});
