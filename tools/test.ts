// What `npm test` runs after the set-up: types, lint, unit tests, bundle, and, as root, the tests on the real kernel and engines.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Where vitest writes its counts. */
  readonly report?: string;
}

const reports = mkdtempSync(join(tmpdir(), 'ruche-test-'));
const isRoot = process.getuid?.() === 0;

function vitest(name: string, config: string): Step {
  const report = join(reports, `${name}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  return { name, command: ['node_modules/.bin/vitest', 'run', '--config', config, ...reporters], report };
}

const steps: Step[] = [
  { name: 'types', command: ['node_modules/.bin/tsc', '-p', '.'] },
  { name: 'lint', command: ['node_modules/.bin/biome', 'check', '--error-on-warnings', '.'] },
  vitest('unit', 'vitest.config.ts'),
  { name: 'bundle', command: [process.execPath, 'tools/build.ts'] },
];
if (isRoot) steps.push(vitest('e2e', 'vitest.e2e.config.ts'));

const counts = { passed: 0, failed: 0 };
for (const step of steps) {
  const startedAt = performance.now();
  process.stdout.write(`\n=== ${step.name}\n`);
  const status = await run(step.command);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`=== ${step.name}: ${status === 0 ? 'ok' : `failed (status ${status})`} in ${seconds} s\n`);
  count(step, status);
}
if (!isRoot) process.stdout.write('\nTests on the kernel and the engines were left out: they need root.\n');
rmSync(reports, { recursive: true });
process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed\n`);
process.exitCode = counts.failed === 0 ? 0 : 1;

function run([command = '', ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
  });
}

function count(step: Step, status: number): void {
  if (step.report === undefined || !existsSync(step.report)) {
    counts[status === 0 ? 'passed' : 'failed']++;
    return;
  }
  const report: { numPassedTests: number; numFailedTests: number } = JSON.parse(readFileSync(step.report, 'utf8'));
  counts.passed += report.numPassedTests;
  // A suite that could not be loaded fails without a failed test.
  counts.failed += status === 0 ? 0 : Math.max(1, report.numFailedTests);
}
