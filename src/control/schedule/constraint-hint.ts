import type { Constraint } from '../../model/index.ts';

/** The keys that constraints know; those ending in a dot take the name of a label. */
const known = [
  'node.id',
  'node.hostname',
  'node.ip',
  'node.role',
  'node.platform.os',
  'node.platform.arch',
  'node.labels.',
  'engine.labels.',
] as const;

/** What to tell of the first constraint whose key no node can ever satisfy; Swarm leaves people to find the typing error themselves. */
export function unknownKeyHint(constraints: readonly Constraint[]): string | undefined {
  for (const { key } of constraints) {
    const lowered = key.toLowerCase();
    if (known.some((name) => (name.endsWith('.') ? isLabelKey(lowered, name) : lowered === name))) continue;
    return `constraint key '${key}' is unknown, did you mean '${nearest(key)}'?`;
  }
  return undefined;
}

function isLabelKey(key: string, prefix: string): boolean {
  return key.startsWith(prefix) && key.length > prefix.length;
}

/** The known key that takes the fewest edits; the last part of a key may be a label's name. */
function nearest(key: string): string {
  const lastDot = key.lastIndexOf('.');
  const label = lastDot < 0 ? '' : key.slice(lastDot + 1);
  const candidates = known.map((name) => (name.endsWith('.') ? name + (label === '' ? '<name>' : label) : name));
  const lowered = key.toLowerCase();
  const [best = known[0]] = candidates.toSorted(
    (a, b) => edits(lowered, a.toLowerCase()) - edits(lowered, b.toLowerCase()),
  );
  return best;
}

/** Levenshtein's distance. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1]);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? a.length;
}
