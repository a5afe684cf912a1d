import type { Difference } from './difference.ts';

/** Differences that only a daemon on a real machine with a real engine shows, on either engine. */
export const daemonDifferences: readonly Difference[] = [
  {
    group: 'init',
    calls: ['swarm init: AdvertiseAddr missing'],
    ours: ['status: expected 400 got 200', /^message: expected .*could not .*choose an IP address.* got undefined$/],
    reason: 'the recording was made with several addresses; with one, it is taken, as Docker does',
    mayAgree: true,
  },
  {
    group: 'tasks',
    calls: ['tasks list: image missing'],
    ours: [/^\S+: expected "No such image: (\S+)" got "No such image: \1 \(pull: .+\)"$/],
    reason: 'better: the error of a task says why its image could not be pulled',
  },
];
