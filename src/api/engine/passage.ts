import { Refusal } from '../../base/index.ts';
import type { ExecId, LocalEngine, ProcessStream } from '../../engine/index.ts';
import { Exchange } from '../http/exchange.ts';
import { flag } from '../http/query.ts';
import { streamContentType } from '../http/raw-stream.ts';
import { writeAnswer } from '../http/respond.ts';
import { Router } from '../http/router.ts';
import type { EnginePassage, PassageRequest } from '../ports.ts';
import { containerRoutes } from './container-routes.ts';
import { execRoutes, readExecStart } from './exec-routes.ts';
import { imageRoutes } from './image-routes.ts';
import type { LocalImages } from './local-images.ts';
import { readObject } from './request-body.ts';
import { joinConnection } from './stream-connection.ts';

/** First segments that belong to the engine: what of them is not served is refused by name, not as an unknown page. */
const engineSegments = ['containers', 'images', 'exec', 'distribution', 'build', 'commit', 'auth', 'session', 'grpc'];

const attachPath = /^\/containers\/([^/]+)\/attach$/;
const execStartPath = /^\/exec\/([^/]+)\/start$/;

/** The container and image endpoints of the Engine API, served by the daemon's own engine. */
export function createLocalPassage(engine: LocalEngine, images: LocalImages): EnginePassage {
  const router = new Router([...containerRoutes(engine), ...execRoutes(engine), ...imageRoutes(images)]);
  return {
    takes: (_method, path) => engineSegments.includes(path.split('/')[1] ?? ''),
    upgrades: (method, path) => method === 'POST' && (attachPath.test(path) || execStartPath.test(path)),
    serve: async (passed, response) => {
      const match = router.find(passed.method, passed.path);
      if (match === undefined) throw new Refusal('not-built-yet', { what: `${passed.method} ${passed.path}` });
      const { request, path, rawPath, apiMinor } = passed;
      const query = rawPath.includes('?') ? rawPath.slice(rawPath.indexOf('?') + 1) : '';
      const exchange = new Exchange(request, response, { path, query, apiMinor, params: match.params });
      passed.signal.addEventListener('abort', () => exchange.cancel('the request ended'), { once: true });
      await writeAnswer(response, await match.route.handle(exchange), {});
    },
    serveUpgrade: (passed, body, socket, head) => serveStream(engine, passed, { body, socket, head }),
  };
}

type Taken = {
  readonly body: Buffer;
  readonly socket: Parameters<typeof joinConnection>[1]['socket'];
  readonly head: Buffer;
};

async function serveStream(engine: LocalEngine, passed: PassageRequest, taken: Taken): Promise<void> {
  const { path, query, signal, apiMinor } = passed;
  const { body, socket, head } = taken;
  const [, execId] = execStartPath.exec(path) ?? [];
  if (execId !== undefined) {
    const options = readExecStart(readObject(body));
    const stream = await engine.startExec(execId as ExecId, signal);
    if (options.size !== undefined) await stream.resize(options.size.rows, options.size.columns);
    return join(stream, options.tty);
  }
  const [, id = ''] = attachPath.exec(path) ?? [];
  const found = await engine.inspectContainer(id, signal);
  if (found === undefined) throw new Refusal('api-no-such-container', { id });
  const asked = (name: string): boolean => flag(query, name);
  const options = {
    stdin: asked('stdin'),
    stdout: asked('stdout'),
    stderr: asked('stderr'),
    logs: asked('logs'),
    stream: asked('stream'),
  };
  return join(await engine.attachContainer(found.Id, options, signal), found.Config.Tty === true);

  function join(stream: ProcessStream, isRaw: boolean): Promise<void> {
    const head101 = `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${streamContentType(isRaw, apiMinor)}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`;
    socket.write(head101);
    return joinConnection(stream, { socket, head, isRaw });
  }
}
