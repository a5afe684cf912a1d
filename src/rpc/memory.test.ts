import { describe, expect, test } from 'vitest';
import { MAX_QUEUED_MESSAGES, memoryPair, memoryTransport } from './memory.ts';
import type { AgentMessage } from './messages.ts';

/** A scheduler that the test turns by hand. */
function turns() {
  const waiting: (() => void)[] = [];
  return {
    schedule: (deliver: () => void) => {
      waiting.push(deliver);
    },
    run: () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) next();
    },
  };
}

const beat = (sessionId: string): AgentMessage => ({ kind: 'heartbeat', sessionId });

describe('a connection in memory', () => {
  test('delivers in order, in a later turn, also what came before the listener', () => {
    const { schedule, run } = turns();
    const { agent, manager } = memoryPair(schedule);
    const got: AgentMessage[] = [];
    agent.send(beat('1'));
    manager.onMessage((message) => got.push(message));
    agent.send(beat('2'));
    expect(got).toEqual([]);
    run();
    expect(got).toEqual([beat('1'), beat('2')]);
  });

  test('hands over copies, not the same objects', () => {
    const { schedule, run } = turns();
    const { agent, manager } = memoryPair(schedule);
    const message = beat('1');
    let got: AgentMessage | undefined;
    manager.onMessage((received) => {
      got = received;
    });
    agent.send(message);
    run();
    expect(got).toEqual(message);
    expect(got).not.toBe(message);
  });

  test('close lets earlier messages arrive, tells both sides once and drops what is sent later', () => {
    const { schedule, run } = turns();
    const { agent, manager } = memoryPair(schedule);
    const log: string[] = [];
    manager.onMessage((message) => log.push(message.kind));
    manager.onClose((reason) => log.push(`manager: ${reason}`));
    agent.onClose((reason) => log.push(`agent: ${reason}`));
    agent.send(beat('1'));
    agent.close('done');
    agent.close('again');
    agent.send(beat('2'));
    run();
    expect(log.sort()).toEqual(['agent: done', 'heartbeat', 'manager: done']);
  });

  test('a receiver that does not keep up is cut off', () => {
    const { schedule, run } = turns();
    const { agent, manager } = memoryPair(schedule);
    let reason = '';
    agent.onClose((why) => {
      reason = why;
    });
    manager.onMessage(() => undefined);
    for (let sent = 0; sent <= MAX_QUEUED_MESSAGES; sent++) agent.send(beat(String(sent)));
    run();
    expect(reason).toContain('does not keep up');
  });

  test('connect rejects as long as nobody accepts, and when it was given up', async () => {
    const down = memoryTransport(() => {
      throw new Error('down');
    });
    await expect(down.connect(new AbortController().signal)).rejects.toMatchObject({ code: 'connection-refused' });
    const up = memoryTransport(() => undefined);
    await expect(up.connect(AbortSignal.abort())).rejects.toMatchObject({ code: 'connection-refused' });
  });
});
