import { Command } from 'commander';
import { messageOf } from '../base/index.ts';
import { registerDaemon } from './daemon.ts';
import { registerDoctor } from './doctor.ts';
import { version } from './version.ts';

const program = new Command('ruche')
  .description('Docker Swarm mode, taken further. Drive it with the docker CLI.')
  .version(version, '-v, --version', 'print the version')
  .showHelpAfterError('(ruche --help tells more)');

program
  .command('version')
  .description('print the version')
  .action(() => {
    process.stdout.write(`ruche ${version} (API 1.51, minimum 1.24; Node.js ${process.versions.node})\n`);
  });
registerDaemon(program);
registerDoctor(program);

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`ruche: ${messageOf(error)}\n`);
  process.exitCode = 1;
});
