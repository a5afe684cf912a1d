import { describe, expect, test } from 'vitest';
import type { Node, NodeId } from '../index.ts';
import { matchesConstraints, parseConstraints } from '../index.ts';

const node: Node = {
  ID: 'abc' as NodeId,
  Version: { Index: 1 },
  CreatedAt: '2026-01-01T00:00:00Z',
  UpdatedAt: '2026-01-01T00:00:00Z',
  Spec: { Role: 'worker', Availability: 'active', Labels: { zone: 'East', Zone: 'west' } },
  Description: {
    Hostname: 'h1',
    Platform: { OS: 'linux', Architecture: 'x86_64' },
    Engine: { Labels: { disk: 'ssd' } },
  },
  Status: { State: 'ready', Addr: '10.1.2.3' },
  Internal: { Revision: 1, Role: 'manager', Membership: 'accepted' },
};

describe('a node', () => {
  test.each([
    'node.id==ABC',
    'node.hostname!=h2',
    ' node.role == manager ',
    'NODE.ROLE==Manager',
    'node.platform.arch==X86_64',
    'node.labels.zone==east',
    'node.labels.Zone==west',
    'node.labels.none!=x',
    'engine.labels.disk==SSD',
    'node.ip==10.1.2.3',
    'node.ip==10.1.0.0/16',
    'node.ip!=10.2.0.0/16',
  ])('satisfies %s', (expression) => {
    expect(matchesConstraints(parseConstraints([expression]), node)).toBe(true);
  });

  test.each([
    'node.role==worker',
    'node.hostname==h.*',
    'node.labels.ZONE==east',
    'node.ip==x',
    'node.ip!=x',
    'node.ip==fd00::1',
    'foo==bar',
    'foo!=bar',
    'node.labels==x',
  ])('does not satisfy %s', (expression) => {
    expect(matchesConstraints(parseConstraints([expression]), node)).toBe(false);
  });

  test('must satisfy all', () => {
    expect(matchesConstraints(parseConstraints(['node.id==abc', 'node.role==worker']), node)).toBe(false);
    expect(matchesConstraints([], node)).toBe(true);
  });
});

test.each([
  ['node.role', 'constraint expected one operator from ==, !='],
  ['node.role=manager', 'constraint expected one operator from ==, !='],
  ['', 'constraint expected one operator from ==, !='],
  ['node.role==', "value '' is invalid"],
  ['==x', "key '' is invalid"],
  ['node labels.x==1', "key 'node labels.x' is invalid"],
  ['node.role==a!=b', "value 'a!=b' is invalid"],
])('%j is refused', (expression, text) => {
  expect(() => parseConstraints([expression])).toThrow(`rpc error: code = Unknown desc = ${text}`);
});
