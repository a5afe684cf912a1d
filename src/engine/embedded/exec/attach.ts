import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Refusal, Unavailable } from '../../../base/index.ts';
import type { OutputFrame, ProcessStream } from '../../port/exec.ts';
import type { AttachOptions } from '../../port/local.ts';
import type { Container } from '../containers/container.ts';
import { TOOL_ENVIRONMENT } from '../host/command.ts';
import { type LogSource, readLog } from '../logs/reader.ts';

/** A container's log as something to read. */
export function logSource(container: Container): LogSource {
  return {
    directory: container.logDirectory,
    // Of a container that was never started nothing ends yet: a follower waits for its start.
    hasEnded: () =>
      container.isGone ||
      (!container.isRunning && container.record.state.kind !== 'starting' && container.record.state.kind !== 'created'),
    onEnd: (wake) => container.watch(wake),
  };
}

/** Sends the size of a container's terminal to its monitor; rows and columns. */
export async function resizeContainer(container: Container, rows: number, columns: number): Promise<void> {
  if (!container.isRunning) throw new Refusal('container-not-running', { id: container.record.id });
  if (container.record.create.Tty !== true) return;
  // The control file is a pipe that the monitor holds open; without one that reads, opening it must not block.
  await writeFile(join(container.bundle, 'ctl'), `1 ${rows} ${columns}\n`, {
    flag: constants.O_WRONLY | constants.O_NONBLOCK,
  });
}

interface Input {
  write(bytes: Uint8Array): Promise<void>;
  end(): void;
  close(): void;
}

const noInput: Input = {
  write: () => Promise.reject(new Unavailable('exec-input-closed')),
  end: () => undefined,
  close: () => undefined,
};

/** The monitor takes input on a socket of a kind that Node does not speak; socat does. It runs in the bundle, whose path may be long. */
function openInput(container: Container): Input {
  const child = spawn('socat', ['-u', '-', 'UNIX-CONNECT:attach,type=5'], {
    cwd: container.bundle,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: TOOL_ENVIRONMENT,
  });
  let failure: Error | undefined;
  const onError = (cause: Error): void => {
    failure ??= cause;
  };
  child.on('error', onError);
  child.stdin.on('error', onError);
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined || child.exitCode !== null)
          return reject(new Unavailable('exec-input-closed', { cause: failure }));
        child.stdin.write(bytes, (cause) =>
          cause ? reject(new Unavailable('exec-input-closed', { cause })) : resolve(),
        );
      }),
    end: () => child.stdin.end(),
    close: () => child.stdin.end(),
  };
}

/**
 * Joins a client to a running container's streams. The output is read from the container's log, piece by piece as it was written;
 * the log holds all of it, so that nothing is lost between the log's end and the attachment.
 */
export function attachContainer(container: Container, options: AttachOptions, signal: AbortSignal): ProcessStream {
  const { record } = container;
  const wantsOutput = options.stdout || options.stderr;
  if (wantsOutput && record.log.driver === 'none') throw new Refusal('container-logs-unreadable');
  const input =
    options.stdin && record.create.OpenStdin === true && container.isRunning ? openInput(container) : noInput;
  const closing = new AbortController();
  const ends = AbortSignal.any([signal, closing.signal]);
  async function* frames(): AsyncGenerator<OutputFrame> {
    if (!wantsOutput) {
      if (options.stream) await container.until(() => !container.isRunning, ends);
      return;
    }
    const { stdout, stderr, stream: follow } = options;
    const reading = {
      ...{ stdout, stderr, follow, asWritten: true },
      ...(options.logs || !container.isRunning ? {} : { tail: 0 }),
    };
    for await (const { stream, bytes } of readLog(logSource(container), reading, ends)) yield { stream, bytes };
  }
  return {
    write: (bytes) => input.write(bytes),
    endInput: () => input.end(),
    output: frames(),
    resize: (rows, columns) => resizeContainer(container, rows, columns),
    close: () => {
      closing.abort(new Unavailable('exec-input-closed'));
      input.close();
    },
  };
}
