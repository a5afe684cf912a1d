import { Refusal } from '../../base/index.ts';
import type { ExecCreate, ExecId, LocalEngine } from '../../engine/index.ts';
import { type Answer, empty, json } from '../http/answer.ts';
import { type Exchange, MAX_SPEC_BYTES } from '../http/exchange.ts';
import type { Route } from '../http/router.ts';
import { terminalSize } from './container-routes.ts';
import { readObject } from './request-body.ts';
import { processOutput } from './stream-connection.ts';

/** Endpoints of processes that are started in a running container. A start with an upgrade is in `streams.ts`. */
export function execRoutes(engine: LocalEngine): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/containers/{id}/exec',
      handle: async (exchange) => {
        const create = readExecCreate(readObject(await exchange.readBody(MAX_SPEC_BYTES)));
        const container = engine.findContainer(exchange.param('id'));
        return json({ Id: await engine.createExec(container, create, exchange.signal) }, 201);
      },
    },
    {
      method: 'GET',
      path: '/exec/{id}/json',
      handle: async (exchange) => {
        const found = engine.inspectExec(execIdOf(exchange));
        if (found === undefined) throw new Refusal('api-no-such-exec', { id: exchange.param('id') });
        return json(found);
      },
    },
    {
      method: 'POST',
      path: '/exec/{id}/resize',
      handle: async (exchange) => {
        const { rows, columns } = terminalSize(exchange.query);
        await engine.resizeExec(execIdOf(exchange), rows, columns);
        return empty();
      },
    },
    {
      method: 'POST',
      path: '/exec/{id}/start',
      deadline: 'unbounded',
      handle: (exchange) => start(engine, exchange),
    },
  ];
}

const execIdOf = (exchange: Exchange): ExecId => exchange.param('id') as ExecId;

/** A start without upgrade: detached, or with the output as the answer's body and no input. */
async function start(engine: LocalEngine, exchange: Exchange): Promise<Answer> {
  const options = readExecStart(readObject(await exchange.readBody(MAX_SPEC_BYTES)));
  const id = execIdOf(exchange);
  if (options.detach) {
    await engine.startExecDetached(id, exchange.signal);
    return empty();
  }
  const stream = await engine.startExec(id, exchange.signal);
  stream.endInput();
  return {
    kind: 'stream',
    status: 200,
    contentType: 'application/vnd.docker.raw-stream',
    chunks: processOutput(stream, options.tty),
  };
}

/** What `POST /exec/{id}/start` asks for. */
export function readExecStart(body: Record<string, unknown>): {
  readonly detach: boolean;
  readonly tty: boolean;
  readonly size?: { readonly rows: number; readonly columns: number };
} {
  const options = { detach: body.Detach === true, tty: body.Tty === true };
  const size = body.ConsoleSize;
  if (!Array.isArray(size) || typeof size[0] !== 'number' || typeof size[1] !== 'number') return options;
  return { ...options, size: { rows: size[0], columns: size[1] } };
}

function readExecCreate(body: Record<string, unknown>): ExecCreate {
  const command = body.Cmd;
  if (!isTexts(command) || command.length === 0) throw new Refusal('exec-without-command');
  const environment = body.Env ?? [];
  if (!isTexts(environment)) throw new Refusal('api-body-not-object');
  const text = (name: string): string => {
    const value = body[name];
    return typeof value === 'string' ? value : '';
  };
  return {
    Cmd: command,
    Env: environment,
    User: text('User'),
    WorkingDir: text('WorkingDir'),
    Tty: body.Tty === true,
    AttachStdin: body.AttachStdin === true,
    AttachStdout: body.AttachStdout === true,
    AttachStderr: body.AttachStderr === true,
    Privileged: body.Privileged === true,
  };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
