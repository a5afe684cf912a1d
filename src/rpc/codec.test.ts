import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { pack } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../base/index.ts';
import type { NodeId, ServiceId, TaskId } from '../model/index.ts';
import {
  decodeAgentMessage,
  decodeManagerMessage,
  encodeAgentMessage,
  encodeManagerMessage,
  MAX_MESSAGE_BYTES,
} from './codec.ts';
import type { AgentMessage, ManagerMessage } from './messages.ts';

const fence = { epoch: 1, term: 2, index: 3 };

const agentMessages: readonly AgentMessage[] = [
  {
    kind: 'openSession',
    version: 1,
    nodeId: 'node1' as NodeId,
    description: { Hostname: 'h', Resources: { NanoCPUs: 9_007_199_254_740_993n, MemoryBytes: 4096 } },
    bootId: 'b',
    holds: fence,
  },
  { kind: 'heartbeat', sessionId: 's' },
  { kind: 'description', sessionId: 's', description: {} },
  { kind: 'applied', sessionId: 's', fence },
  { kind: 'needComplete', sessionId: 's' },
  {
    kind: 'statuses',
    sessionId: 's',
    batch: 1,
    statuses: [
      { taskId: 't' as TaskId, status: { Timestamp: '2026-01-02T03:04:05Z', State: 'running', Message: 'started' } },
    ],
  },
];

const managerMessages: readonly ManagerMessage[] = [
  { kind: 'session', version: 1, sessionId: 's', heartbeatPeriodMs: 5000 },
  { kind: 'heartbeatAck', heartbeatPeriodMs: 5000 },
  { kind: 'statusesAck', batch: 7 },
  { kind: 'sessionEnded', reason: 'node was removed', removed: true },
  {
    kind: 'assignments',
    assignments: {
      kind: 'incremental',
      fence,
      appliesTo: fence,
      tasks: [
        {
          ID: 't' as TaskId,
          ServiceID: 'svc' as ServiceId,
          Slot: 1,
          NodeID: 'node1' as NodeId,
          SpecVersion: 9,
          DesiredState: 'running',
          Status: { Timestamp: '2026-01-02T03:04:05Z', State: 'assigned', Message: 'm' },
        },
      ],
      removedTasks: ['gone' as TaskId],
      templates: [
        {
          ServiceID: 'svc' as ServiceId,
          SpecVersion: 9,
          ServiceName: 'web',
          Spec: { ContainerSpec: { Image: 'busybox', StopGracePeriod: 2n ** 62n } },
          Internal: { Revision: 4 },
        },
      ],
      removedTemplates: ['svc.8'],
    },
  },
];

describe('what is sent comes back', () => {
  test.each(agentMessages)('agent: $kind', (message) => {
    expect(decodeAgentMessage(encodeAgentMessage(message))).toStrictEqual(message);
  });
  test.each(managerMessages)('manager: $kind', (message) => {
    expect(decodeManagerMessage(encodeManagerMessage(message))).toStrictEqual(message);
  });
  test('bytes inside domain data stay bytes', () => {
    const description = { Hostname: 'h', extra: Uint8Array.of(1, 2, 3) };
    const message = decodeAgentMessage(encodeAgentMessage({ kind: 'description', sessionId: 's', description }));
    expect(message.kind === 'description' && Array.from((message.description as typeof description).extra)).toEqual([
      1, 2, 3,
    ]);
  });
  test('any plain specification survives to the digit', () => {
    const leaf = fc.oneof(fc.string(), fc.boolean(), fc.integer(), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n));
    const name = fc.string({ minLength: 1 }).filter((text) => text !== '__proto__');
    fc.assert(
      fc.property(
        fc.dictionary(name, fc.oneof(leaf, fc.array(leaf, { maxLength: 4 })), { noNullPrototype: true }),
        (data) => {
          const message: AgentMessage = { kind: 'description', sessionId: 's', description: data as object };
          // The test runner's own equality takes a field named `constructor` for the object's type.
          expect(isDeepStrictEqual(decodeAgentMessage(encodeAgentMessage(message)), message)).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('what does not belong is refused', () => {
  const coded = (version: number, value: unknown) => Uint8Array.from([version, ...pack(value)]);
  const codeOf = (bytes: Uint8Array) => {
    try {
      decodeAgentMessage(bytes);
    } catch (error) {
      return error instanceof Refusal ? error.code : error;
    }
    return 'accepted';
  };
  test.each([
    ['no bytes', new Uint8Array(0), 'message-version'],
    ['another version', coded(2, { kind: 'heartbeat', sessionId: 's' }), 'message-version'],
    ['an unknown kind', coded(1, { kind: 'explode' }), 'message-kind'],
    ["a kind of Object's prototype", coded(1, { kind: 'constructor' }), 'message-kind'],
    ['a message of the other direction', encodeManagerMessage({ kind: 'statusesAck', batch: 1 }), 'message-kind'],
    ['no object', coded(1, [1]), 'message-malformed'],
    ['a missing field', coded(1, { kind: 'heartbeat' }), 'message-malformed'],
    ['a field of another type', coded(1, { kind: 'heartbeat', sessionId: 5 }), 'message-malformed'],
    [
      'a live object inside data',
      coded(1, { kind: 'description', sessionId: 's', description: { a: new Date(0) } }),
      'message-malformed',
    ],
    ['too many bytes', new Uint8Array(MAX_MESSAGE_BYTES + 1), 'message-too-large'],
  ])('%s', (_name, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });
  test('data that nests without end', () => {
    let deep: unknown = {};
    for (let level = 0; level < 60; level++) deep = { deep };
    expect(codeOf(coded(1, { kind: 'description', sessionId: 's', description: deep }))).toBe('message-malformed');
  });
  test('a sender learns that its message is too large', () => {
    const description = { Hostname: 'x'.repeat(MAX_MESSAGE_BYTES) };
    expect(() => encodeAgentMessage({ kind: 'description', sessionId: 's', description })).toThrow(/split it/);
  });
  test('random and damaged bytes are refused with a code, never with anything else', () => {
    const whole = agentMessages.map(encodeAgentMessage);
    const damaged = fc
      .tuple(
        fc.integer({ min: 0, max: whole.length - 1 }),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      )
      .map(([which, hits]) => {
        const bytes = Uint8Array.from(whole[which] ?? []);
        for (const [at, value] of hits) bytes[at % bytes.length] = value;
        return bytes;
      });
    const random = fc.uint8Array({ maxLength: 200 }).map((bytes) => Uint8Array.from([1, ...bytes]));
    fc.assert(
      fc.property(fc.oneof(damaged, random), (bytes) => {
        expect(['accepted', 'message-version', 'message-kind', 'message-malformed']).toContain(codeOf(bytes));
      }),
      { numRuns: 2000 },
    );
  });
});
