import type { Difference } from './difference.ts';
import type { Played, Run } from './player.ts';

/** What a run shows that the list of differences does not say. All empty: the run is as expected. */
export interface Verdict {
  /** Calls that differ from the recording in a way that is on no list. */
  readonly unexpected: readonly string[];
  /** Calls that agree with the recording although a difference is listed: the list is out of date. */
  readonly agreeAfterAll: readonly string[];
  /** Differences that no call of the groups played showed. */
  readonly unused: readonly string[];
}

/** Holds a run against the differences that are on purpose. `groups` are those that were played. */
export function judge(run: Run, differences: readonly Difference[], groups: readonly string[]): Verdict {
  const unexpected: string[] = [];
  const agreeAfterAll: string[] = [];
  const used = new Set<Difference>();
  for (const call of run.played) {
    const listed = differences.filter((difference) => concerns(difference, call));
    for (const difference of listed) used.add(difference);
    if (call.mismatches.length === 0) {
      if (listed.some(({ mayAgree }) => mayAgree !== true)) agreeAfterAll.push(titleOf(call));
      continue;
    }
    const rest = call.mismatches.filter((text) => !listed.some(({ ours }) => ours.some((known) => fits(known, text))));
    if (rest.length > 0) unexpected.push(`${titleOf(call)}\n    ${rest.join('\n    ')}`);
  }
  const unused = differences
    .filter((difference) => groups.includes(difference.group) && !used.has(difference))
    .map(({ group, calls }) => `${group}: ${calls.join(' | ')}`);
  return { unexpected, agreeAfterAll, unused };
}

function concerns(difference: Difference, call: Played): boolean {
  return difference.group === call.group && difference.calls.some((pattern) => fits(pattern, call.name));
}

function fits(pattern: string | RegExp, text: string): boolean {
  return typeof pattern === 'string' ? pattern === text : pattern.test(text);
}

function titleOf(call: Played): string {
  return `${call.group}: ${call.name}`;
}
