import { type Difference, newVersions, notBuilt, versionHeader } from './difference.ts';
import { serviceDifferences } from './differences-services.ts';
import { swarmDifferences } from './differences-swarm.ts';

/** All of them, in the order of the groups. */
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
      versionHeader,
      'header builder-version: expected undefined got 2',
      'header swarm: expected undefined got inactive',
    ],
    reason: `${newVersions}; the headers Swarm and Builder-Version are those of newer engines, CLI 28 reads them`,
  },
  {
    group: 'protocol',
    calls: ['version', 'method OPTIONS /services'],
    ours: [versionHeader],
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
    ours: [/^message: .*Maximum supported API version is 1\.51"$/, versionHeader],
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
  ...swarmDifferences,
  ...serviceDifferences,
];
