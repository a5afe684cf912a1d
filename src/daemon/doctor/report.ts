import type { Finding } from './checks.ts';

const signs = { ok: 'ok', note: 'note', missing: 'MISSING' } as const;

/** The findings as lines for a terminal, what is missing last, with the command that mends it. */
export function formatFindings(findings: readonly Finding[]): string {
  const order = ['ok', 'note', 'missing'];
  const width = Math.max(...findings.map((finding) => finding.name.length));
  return findings
    .toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
    .map((finding) => {
      const line = `${signs[finding.state].padEnd(8)}${finding.name.padEnd(width + 2)}${finding.detail}`;
      return finding.mend === undefined ? line : `${line}\n${' '.repeat(8)}to mend it: ${finding.mend}`;
    })
    .join('\n');
}
