import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandOptions, run, succeed, until } from './command.ts';

export interface DaemonOptions {
  readonly engine: 'embedded' | 'docker';
  readonly dockerSocket?: string;
  /** Lays settings over the configuration file. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** Keeps state and run directories that a daemon before left. */
  readonly directory?: string;
}

/** A real daemon of the bundle, in its own directories, driven by the real docker CLI. */
export class Daemon {
  readonly directory: string;
  readonly socket: string;
  readonly #options: DaemonOptions;
  #process: ChildProcess | undefined;
  #output = '';

  private constructor(directory: string, options: DaemonOptions) {
    this.directory = directory;
    this.socket = join(directory, 'ruche.sock');
    this.#options = options;
  }

  /** Starts a daemon and waits until it answers. */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'ruche-e2e-')));
    const daemon = new Daemon(directory, options);
    await daemon.launch();
    return daemon;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** What the daemon has written to its log so far. */
  get output(): string {
    return this.#output;
  }

  async launch(): Promise<void> {
    const { engine, dockerSocket } = this.#options;
    const flags = [
      '--socket',
      this.socket,
      '--state',
      join(this.directory, 'state'),
      '--run',
      join(this.directory, 'run'),
    ];
    const docker = dockerSocket === undefined ? [] : ['--docker-socket', dockerSocket];
    const config = await this.#writeConfiguration();
    const child = spawn(
      process.execPath,
      ['dist/ruche.mjs', 'daemon', '--config', config, ...flags, '--engine', engine, ...docker],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk;
      });
    }
    await until(`the daemon answers`, async () => {
      if (child.exitCode !== null) throw new Error(`the daemon ended with ${child.exitCode}: ${this.#output}`);
      return (await this.get('/_ping').catch(() => undefined))?.status === 200;
    });
  }

  async #writeConfiguration(): Promise<string> {
    const file = join(this.directory, 'ruche.json');
    await writeFile(file, JSON.stringify({ group: 'root', ...this.#options.configuration }));
    return file;
  }

  /** Ends the daemon as a crash would. Containers run on. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Stops the daemon as an init system would. */
  async stop(): Promise<number | null> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    child.kill('SIGTERM');
    await once(child, 'exit');
    return child.exitCode;
  }

  /** Leaves the swarm, removes containers, stops, and removes the directories. For the end of a suite; throws what it can't remove. */
  async dispose(): Promise<void> {
    await this.clean();
    await this.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Leaves the swarm and removes containers, if the daemon runs. */
  async clean(): Promise<void> {
    if (this.#process?.exitCode !== null || this.#process.signalCode !== null) return;
    await this.docker(['swarm', 'leave', '--force']);
    const ids = (await this.docker(['ps', '-aq'])).stdout.split('\n').filter((id) => id !== '');
    if (ids.length > 0) await this.docker(['rm', '-f', '-v', ...ids]);
  }

  /** The docker CLI against this daemon. */
  docker(args: readonly string[], options: CommandOptions = {}) {
    return run('docker', args, { ...options, env: { ...this.#environment(), ...options.env } });
  }

  /** The docker CLI, which must succeed; its trimmed output. */
  dockerOk(args: readonly string[], options: CommandOptions = {}): Promise<string> {
    return succeed('docker', args, { ...options, env: { ...this.#environment(), ...options.env } });
  }

  #environment(): Record<string, string> {
    return {
      DOCKER_HOST: `unix://${this.socket}`,
      DOCKER_CONFIG: join(this.directory, 'docker-config'),
      DOCKER_CONTEXT: '',
    };
  }

  get(path: string) {
    return this.call('GET', path);
  }

  /** One API call; the body is parsed when it is JSON. */
  call(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: unknown; headers: Record<string, unknown> }> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const call = request({ socketPath: this.socket, method, path, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = String(response.headers['content-type']).includes('json') && text !== '';
          resolve({
            status: response.statusCode ?? 0,
            body: isJson ? JSON.parse(text) : text,
            headers: response.headers,
          });
        });
      });
      call.on('error', reject);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

/** Makes `busybox:latest` on a daemon from Debian's static busybox; `alias` names it as well. */
export async function importBusybox(daemon: Daemon, ...alias: string[]): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'ruche-busybox-'));
  try {
    const script = `
      set -e; R=${directory}/root; mkdir -p $R/bin $R/sbin $R/usr/bin $R/etc $R/tmp $R/root $R/proc $R/sys $R/dev $R/var $R/home
      cp /bin/busybox $R/bin/busybox
      for a in $(/bin/busybox --list); do [ $a = busybox ] || ln -sf busybox $R/bin/$a; done
      ln -sf /bin/env $R/usr/bin/env; chmod 1777 $R/tmp
      printf 'root:x:0:0:root:/root:/bin/sh\\nnobody:x:65534:65534:nobody:/home:/bin/false\\n' > $R/etc/passwd
      printf 'root:x:0:\\nwheel:x:10:\\naudio:x:29:\\nnogroup:x:65534:\\n' > $R/etc/group
      tar -C $R -cf ${directory}/root.tar .`;
    await succeed('sh', ['-c', script]);
    const image = await readFile(join(directory, 'root.tar'));
    const changes = ['-c', 'ENV PATH=/bin:/sbin:/usr/bin', '-c', 'CMD ["sh"]'];
    await daemon.dockerOk(['import', ...changes, '-', 'busybox:latest'], { input: image });
    for (const name of alias) await daemon.dockerOk(['tag', 'busybox:latest', name]);
  } finally {
    await rm(directory, { recursive: true });
  }
}
