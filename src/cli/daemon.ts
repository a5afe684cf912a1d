import { type Command, Option } from 'commander';
import { type Configuration, readConfiguration, runDaemon } from '../daemon/index.ts';
import { version } from './version.ts';

interface DaemonFlags {
  readonly config?: string;
  readonly socket?: string;
  readonly state?: string;
  readonly run?: string;
  readonly engine?: Configuration['engine'];
  readonly dockerSocket?: string;
  readonly logLevel?: Configuration['logLevel'];
}

/** `ruche daemon`, and `ruche start`: the same with a word on how to reach it, for a terminal. */
export function registerDaemon(program: Command): void {
  withFlags(program.command('daemon').description('run the daemon in the foreground')).action((flags: DaemonFlags) =>
    start(flags, undefined),
  );
  withFlags(program.command('start').description('run the daemon and say how to reach it')).action(
    (flags: DaemonFlags) => start(flags, (socket) => process.stdout.write(greeting(socket))),
  );
}

function withFlags(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file')
    .option('--socket <path>', 'socket of the API')
    .option('--state <directory>', 'directory of what is kept')
    .option('--run <directory>', 'directory of what a reboot may remove')
    .addOption(new Option('--engine <name>', 'what runs the containers').choices(['embedded', 'docker']))
    .option('--docker-socket <path>', 'socket of the Docker Engine')
    .addOption(new Option('--log-level <level>', 'what is logged').choices(['error', 'warn', 'info', 'debug']));
}

async function start(flags: DaemonFlags, onReady: ((socket: string) => void) | undefined): Promise<void> {
  const overrides: { -readonly [K in keyof Configuration]?: Configuration[K] } = {};
  if (flags.socket !== undefined) overrides.socket = flags.socket;
  if (flags.state !== undefined) overrides.stateDirectory = flags.state;
  if (flags.run !== undefined) overrides.runDirectory = flags.run;
  if (flags.engine !== undefined) overrides.engine = flags.engine;
  if (flags.dockerSocket !== undefined) overrides.dockerSocket = flags.dockerSocket;
  if (flags.logLevel !== undefined) overrides.logLevel = flags.logLevel;
  await runDaemon(await readConfiguration(flags.config, overrides), { version, onReady });
}

function greeting(socket: string): string {
  return [
    '',
    'Ruche runs. Tell the docker CLI where:',
    '',
    `  export DOCKER_HOST=unix://${socket}`,
    '',
    'or, to keep it:',
    '',
    `  docker context create ruche --docker host=unix://${socket}`,
    '  docker context use ruche',
    '',
    'Then: docker swarm init',
    '',
    '',
  ].join('\n');
}
