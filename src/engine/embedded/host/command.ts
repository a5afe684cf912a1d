import { spawn } from 'node:child_process';
import { Unavailable } from '../../../base/index.ts';

/** Output of one command kept; what our tools print is far below it. */
const MAX_OUTPUT_BYTES = 1_048_576;
/** runc and ip answer within milliseconds; a machine under heavy load still does within this. */
export const DEFAULT_TIMEOUT_MS = 30_000;

export interface CommandResult {
  /** 128 + signal's number is not used here: a signal gives -1. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly timeoutMs?: number;
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  readonly signal?: AbortSignal;
}

/** The only environment that our tools see: nothing of the daemon's reaches a container. */
export const TOOL_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
  // The monitors write the times of log lines in the zone that they see.
  TZ: 'UTC',
} as const;

/**
 * Runs a command to its end with nothing but its three standard descriptors. Rejects with `Unavailable` when it can't be started
 * or does not end in time (it is killed then).
 */
export function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      env: TOOL_ENVIRONMENT,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      killSignal: 'SIGKILL',
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const output = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream]?.setEncoding('utf8').on('data', (text: string) => {
        if (output[stream].length < MAX_OUTPUT_BYTES) output[stream] += text;
      });
    }
    child.on('error', (cause) =>
      reject(new Unavailable('engine-tool-failed', { tool: file, why: cause.message, cause })),
    );
    child.on('close', (code, signal) => {
      if (child.killed && signal === 'SIGKILL')
        reject(new Unavailable('engine-tool-failed', { tool: file, why: 'it did not end in time' }));
      else resolve({ code: code ?? -1, ...output });
    });
    if (child.stdin !== null) {
      // A command that ends without reading its input is judged by its exit code alone.
      child.stdin.on('error', () => child.stdin?.destroy());
      child.stdin.end(options.input);
    }
  });
}
