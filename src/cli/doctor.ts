import type { Command } from 'commander';
import { examine, formatFindings, readConfiguration } from '../daemon/index.ts';

/** `ruche doctor`: what this machine lacks, and the command that mends it. Exit status 1 when something is missing. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('say what this machine lacks to run Ruche, and the command that mends it')
    .option('--config <file>', 'configuration file')
    .option('--json', 'one JSON array instead of lines')
    .action(async (options: { config?: string; json?: true }) => {
      const findings = await examine(await readConfiguration(options.config));
      process.stdout.write(`${options.json ? JSON.stringify(findings, undefined, 2) : formatFindings(findings)}\n`);
      if (findings.some((finding) => finding.state === 'missing')) process.exitCode = 1;
    });
}
