import { type Difference, newVersions, notBuilt, notMade, versionHeader } from './difference.ts';

const networks = 'networks are not built yet';
const trailing: readonly (string | RegExp)[] = [
  /^status: expected 20[01] got 400$/,
  'message: expected undefined got "unexpected content after JSON"',
  'contentType: expected  got application/json',
];
const trailingReason = 'Docker ignores what follows the document; newer engines refuse it, and so do we';

/** Differences of the groups about the swarm itself, its nodes, its events and its end. */
export const swarmDifferences: readonly Difference[] = [
  {
    group: 'init',
    calls: ['swarm init: AdvertiseAddr bad port', 'swarm init: AdvertiseAddr port word'],
    ours: ['status: expected 200 got 400', /^message: expected undefined got "advertise address must be /],
    reason: 'better: Docker advertises a port that nobody can reach',
  },
  {
    group: 'init',
    calls: ['swarm join: malformed token'],
    ours: ['status: expected 500 got 400'],
    reason: 'better: a malformed token is the caller’s fault',
  },
  {
    group: 'init',
    calls: ['swarm join: empty token'],
    ours: ['status: expected 503 got 400', /^message: .*connection refused.* got "invalid join token"$/],
    reason: 'better: a missing token is told before anybody is called',
  },
  {
    group: 'init',
    calls: [/^ping on manager/],
    ours: [
      versionHeader,
      'header builder-version: expected undefined got 2',
      'header swarm: expected undefined got active/manager',
    ],
    reason: `${newVersions}; the headers Swarm and Builder-Version are those of newer engines`,
  },
  { group: 'init', calls: ['networks list after init'], ours: [': 4 items expected, got 0'], reason: networks },
  { group: 'init', calls: [/^ingress inspect/, 'docker_gwbridge inspect'], ours: notBuilt, reason: networks },
  {
    group: 'swarm',
    calls: ['swarm update: signing cert without key', 'swarm update: external CA no URL'],
    ours: notBuilt,
    reason: 'certificate authorities other than our own are not built yet',
  },
  {
    group: 'swarm',
    calls: ['swarm update: autolock on', 'swarm update: rotate unlock key'],
    ours: notBuilt,
    reason: 'locking managers is not built yet',
  },
  {
    group: 'swarm',
    calls: ['unlockkey when autolock is on', 'unlockkey after rotation'],
    ours: ['.UnlockKey: expected "<key>" got ""'],
    reason: 'locking managers is not built yet',
  },
  { group: 'swarm', calls: ['swarm update: trailing garbage'], ours: trailing, reason: trailingReason },
  { group: 'nodes', calls: ['node update: trailing garbage'], ours: trailing, reason: trailingReason },
  { group: 'service-create', calls: [/^service create: trailing/], ours: trailing, reason: trailingReason },
  {
    group: 'events',
    calls: ['events: secret create', 'events: config create', 'events: network create'],
    ours: notBuilt,
    reason: 'secrets, configs and networks are not built yet',
  },
  {
    group: 'events',
    calls: ['events: secret delete', 'events: config delete', 'events: network delete'],
    ours: notMade,
    reason: 'secrets, configs and networks are not built yet',
  },
  {
    group: 'events',
    calls: ['events: secret update'],
    ours: [
      'status: expected 200 got 400',
      /^message: .*invalid secret version 'unresolved'/,
      'contentType: expected  got application/json',
    ],
    reason: 'secrets are not built yet: the player found no version to send',
  },
  {
    group: 'events',
    calls: ['events: stream of the swarm scope'],
    ours: [': 17 items expected, got 9'],
    reason: 'the eight events of secrets, configs and networks, which are not built yet, are missing',
  },
  {
    group: 'leave',
    calls: ['network delete: ingress'],
    ours: notBuilt,
    reason: networks,
  },
  { group: 'leave', calls: ['network inspect: new ingress'], ours: notMade, reason: networks },
  {
    group: 'leave',
    calls: ['service create: needs ingress but none', 'network create: ingress again'],
    ours: notBuilt,
    reason: `${networks}, nor published ports`,
  },
  {
    group: 'leave',
    calls: [/^swarm init: ForceNewCluster/],
    ours: notBuilt,
    reason: 'ForceNewCluster is not built yet: there is only one manager',
  },
];
