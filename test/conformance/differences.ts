import { laterDifferences } from './differences-in-swarm.ts';

/** Answers of ours that differ from the recording on purpose. */
export interface Difference {
  readonly group: string;
  /** Names of the calls, or patterns of names. Every call of the group that fits must differ. */
  readonly calls: readonly (string | RegExp)[];
  /** What the player says of them: every mismatch must fit one of these. */
  readonly ours: readonly (string | RegExp)[];
  readonly reason: string;
}

/** What the player says of a call that is refused because its effect is not built. */
export const notBuilt: readonly RegExp[] = [
  /^status: expected \d+ got 501$/,
  /^message: .* got ".*is not implemented yet"$/,
  /^contentType: expected .* got application\/json$/,
];

const newVersions = 'the API is 1.24 to 1.51, not 1.12 to 1.41: what CLI 28 speaks';

export const differences: readonly Difference[] = [
  {
    group: 'noswarm',
    calls: [/^no swarm: POST \/networks\/create/],
    ours: notBuilt,
    reason: 'networks are not built yet',
  },
  {
    group: 'noswarm',
    calls: ['no swarm: networks list names'],
    ours: [': 3 items expected, got 0'],
    reason: 'networks are not built yet: there is neither bridge nor host to list',
  },
  {
    group: 'noswarm',
    calls: [/^no swarm: ping/],
    ours: [
      'header api-version: expected 1.41 got 1.51',
      'header builder-version: expected undefined got 2',
      'header swarm: expected undefined got inactive',
    ],
    reason: `${newVersions}; the headers Swarm and Builder-Version are those of newer engines, CLI 28 reads them`,
  },
  {
    group: 'protocol',
    calls: ['version', 'method OPTIONS /services'],
    ours: ['header api-version: expected 1.41 got 1.51'],
    reason: newVersions,
  },
  {
    group: 'protocol',
    calls: ['version bare'],
    ours: ['.ApiVersion: expected "1.41" got "1.51"', '.MinAPIVersion: expected "1.12" got "1.24"'],
    reason: newVersions,
  },
  {
    group: 'protocol',
    calls: ['API version too new', 'API version v2.0'],
    ours: [/^message: .*Maximum supported API version is 1\.51"$/, 'header api-version: expected 1.41 got 1.51'],
    reason: newVersions,
  },
  {
    group: 'protocol',
    calls: ['API version too old', 'API version 1.11', 'API version v1', 'API version 1.12 is served'],
    ours: [
      'status: expected 200 got 400',
      /^message: .*Minimum supported API version is 1\.24, please upgrade your client to a newer version"$/,
      'contentType: expected text/plain; charset=utf-8 got application/json',
    ],
    reason: `${newVersions}; refused in JSON as all errors are, as newer engines do`,
  },
  ...laterDifferences,
];
