// npm run bench -- NAME [--json] [--quick] [--only TEXT] [--host SOCKET]
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench } from './runner/bench.ts';
import type { Result } from './runner/statistics.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    host: { type: 'string' },
  },
});
const known = readdirSync(join(import.meta.dirname, 'cases')).flatMap(
  (file) => /^([a-z-]+)\.ts$/.exec(file)?.[1] ?? [],
);
const [name] = positionals;
if (name === undefined || !known.includes(name)) {
  process.stderr.write(
    `npm run bench -- NAME [--json] [--quick] [--only TEXT] [--host SOCKET]\nNAME is one of: ${known.join(', ')}\n`,
  );
  process.exit(2);
}

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());
const { bench }: { bench: Bench } = await import(`./cases/${name}.ts`);
const results = bench.run({
  quick: values.quick,
  host: values.host,
  only: values.only,
  progress: (text) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  },
  signal: interrupted.signal,
});
if (!values.json) process.stdout.write(`${bench.about}\n${header()}\n`);
try {
  for await (const result of results) {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    process.stdout.write(`${values.json ? JSON.stringify(result) : line(result)}\n`);
  }
} catch (error) {
  if (!interrupted.signal.aborted) throw error;
}
if (interrupted.signal.aborted) process.exitCode = 130;

function header(): string {
  const columns = ['n', 'min', 'median', 'p99', 'max', 'floor', 'ratio'];
  return `${'case'.padEnd(34)}${'unit'.padEnd(8)}${columns.map((column) => column.padStart(9)).join('')}`;
}

function line(result: Result): string {
  const numbers = [result.n, result.min, result.median, result.p99, result.max, result.floor, result.ratio];
  const cells = numbers.map((value) => (value === undefined ? '' : String(value)).padStart(9));
  return `${result.case.padEnd(34)}${result.unit.padEnd(8)}${cells.join('')}`;
}
