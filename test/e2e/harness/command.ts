import { spawn } from 'node:child_process';

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads; `open` = nothing, but the input does not end (script(1) takes its end for its own). */
  readonly input?: string | Uint8Array | { readonly open: true };
  /** After this long the command is killed and the call throws. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/** Runs a program to its end and gives what it wrote; does not throw on a status other than 0. */
export function run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { env, input, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // A program that ends without reading its input is no failure of ours.
    child.stdin.on('error', () => undefined);
    if (typeof input === 'object' && 'open' in input) child.on('exit', () => child.stdin.destroy());
    else child.stdin.end(input);
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      const sofar = `${Buffer.concat(stdout)}${Buffer.concat(stderr)}`;
      reject(new Error(`${command} ${args.join(' ')} did not end within ${timeoutMs} ms; so far: ${sofar}`));
    }, timeoutMs);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ status: code ?? 128, stdout: `${Buffer.concat(stdout)}`, stderr: `${Buffer.concat(stderr)}` });
    });
  });
}

/** Like `run`, but throws with the program's words when it fails; gives its trimmed standard output. */
export async function succeed(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await run(command, args, options);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}${stdout}`);
  return stdout.trim();
}

/** Polls until `probe` gives something; for conditions that nothing announces. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`${what} did not come true within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
