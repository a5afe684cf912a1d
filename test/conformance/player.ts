import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** What became of one recorded call. */
export interface Played {
  readonly group: string;
  readonly name: string;
  /** What differs from the recording, as the player words it; empty when nothing does. */
  readonly mismatches: readonly string[];
}

export interface PlayOptions {
  readonly socket: string;
  /** Groups to play; those that build on others must come with them (README.md). */
  readonly groups: readonly string[];
  /** Longest wait of the player for a state that never comes, ms. */
  readonly waitLimitMs: number;
  /** Waits, by the player's words, for what is not built and would never come. */
  readonly skippedWaits?: readonly string[];
  /** The whole run must end within this time, ms. */
  readonly timeoutMs: number;
}

export interface Run {
  readonly played: readonly Played[];
  /** States that the player waited for in vain, as `group: what`. */
  readonly waitsTimedOut: readonly string[];
}

const recorded = join(import.meta.dirname, 'recorded');

/** Plays groups of the recording against a socket. Rejects when the player itself fails. */
export async function play(options: PlayOptions): Promise<Run> {
  const output = await runPlayer(options);
  const played: Array<{ group: string; name: string; mismatches: string[] }> = [];
  const waitsTimedOut: string[] = [];
  for (const line of output.split('\n')) {
    const call = /^(?:not )?ok \d+ - ([\w-]+): (.*)$/.exec(line);
    const wait = /^# wait timed out: (.*)$/.exec(line);
    if (call !== null) played.push({ group: call[1] ?? '', name: call[2] ?? '', mismatches: [] });
    else if (wait !== null) waitsTimedOut.push(wait[1] ?? '');
    else if (line.startsWith('  # ')) played.at(-1)?.mismatches.push(line.slice(4));
  }
  return { played, waitsTimedOut };
}

function runPlayer(options: PlayOptions): Promise<string> {
  const args = [join(recorded, 'play.mjs'), '--host', options.socket, '--check', join(recorded, 'api-answers.jsonl')];
  const more = ['--only', options.groups.join(','), '--wait-limit', String(options.waitLimitMs)];
  const skipped = options.skippedWaits ?? [];
  if (skipped.length > 0) more.push('--no-wait', skipped.join(','));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args, ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs);
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0 || code === 1) resolve(output);
      else reject(new Error(`the player ended with ${signal ?? code}: ${errors}\n${output.slice(-2_000)}`));
    });
  });
}
