import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Unavailable } from '../../../base/index.ts';
import type { CommandResult } from '../host/command.ts';
import type { Launcher } from '../host/launcher.ts';

export interface RuncOptions {
  readonly path: string;
  /** Where runc keeps its own state; empty after a reboot as far as we care. */
  readonly root: string;
  readonly launcher: Launcher;
}

/** The text of runc's error, without its log dress. */
export function runcMessage(stderr: string): string {
  const messages = [...stderr.matchAll(/level=error msg="((?:[^"\\]|\\.)*)"/g)].map((match) => match[1] ?? '');
  const last = messages.at(-1) ?? stderr.trim().split('\n').at(-1) ?? '';
  return last.replace(/\\(["\\])/g, '$1');
}

/** The commands of runc that act on a container which exists. 3 to 6 ms each. */
export class Runc {
  readonly path: string;
  readonly root: string;
  readonly #launcher: Launcher;

  constructor(options: RuncOptions) {
    this.path = options.path;
    this.root = options.root;
    this.#launcher = options.launcher;
  }

  #run(args: readonly string[]): Promise<CommandResult> {
    return this.#launcher.run(this.path, ['--root', this.root, ...args]);
  }

  /** Lets the created process go. The error's text is runc's. */
  async start(id: string): Promise<{ readonly error?: string }> {
    const { code, stderr } = await this.#run(['start', id]);
    return code === 0 ? {} : { error: runcMessage(stderr) };
  }

  /** `false` when the container does not run any more. runc checks the process's start time, so no stranger is hit. */
  async kill(id: string, signal: number): Promise<boolean> {
    const { code, stderr } = await this.#run(['kill', id, String(signal)]);
    if (code === 0) return true;
    const why = runcMessage(stderr);
    if (/not running|already finished|does not exist|no such process/i.test(why)) return false;
    throw new Unavailable('engine-tool-failed', { tool: 'runc kill', why });
  }

  /** Ends what is left of a container (process, cgroup, state). One that runc does not know is what was wanted. */
  async delete(id: string): Promise<void> {
    const { code, stderr } = await this.#run(['delete', '--force', id]);
    if (code !== 0 && !/does not exist/.test(stderr))
      throw new Unavailable('engine-tool-failed', { tool: 'runc delete', why: runcMessage(stderr) });
    // runc killed in the middle of a create leaves a directory that it does not count as a container.
    await rm(join(this.root, id), { recursive: true, force: true });
  }

  /** `undefined` when runc does not know it. */
  async status(id: string): Promise<{ readonly status: string; readonly pid: number } | undefined> {
    const { code, stdout, stderr } = await this.#run(['state', id]);
    if (code !== 0) {
      if (/does not exist/.test(stderr)) return undefined;
      throw new Unavailable('engine-tool-failed', { tool: 'runc state', why: runcMessage(stderr) });
    }
    const state = JSON.parse(stdout) as { status: string; pid: number }; // runc's own document.
    return { status: state.status, pid: state.pid };
  }
}
