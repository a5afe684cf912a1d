import { readFile } from 'node:fs/promises';
import { messageOf, Refusal } from '../../base/index.ts';
import { replaceFile } from '../../files/index.ts';
import type { NodeId } from '../../model/index.ts';

/** How this node is a member of its swarm. Written last when it becomes one: without this file it is none. */
export interface Member {
  readonly nodeId: NodeId;
  /** Address without port that other nodes reach this one at. */
  readonly advertiseHost: string;
  readonly advertisePort: number;
  readonly listenHost: string;
  readonly listenPort: number;
  /** Address for traffic between containers, where it is not the advertised one. */
  readonly dataPathHost?: string;
}

// {"version":1,"nodeId":…}
const VERSION = 1;

/** `undefined` when this node is in no swarm; throws `state-unreadable` when the file can't be trusted. */
export async function readMember(path: string): Promise<Member | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Refusal('state-unreadable', { file: path, reason: messageOf(error), cause: error });
  }
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new Refusal('state-unreadable', { file: path, reason: messageOf(error), cause: error });
  }
  const fields = (typeof raw === 'object' && raw !== null ? raw : {}) as Partial<Member> & { version?: unknown };
  if (fields.version !== VERSION) {
    throw new Refusal('state-unreadable', {
      file: path,
      reason: `it has format ${String(fields.version)}, not ${VERSION}`,
    });
  }
  const { nodeId, advertiseHost, advertisePort, listenHost, listenPort, dataPathHost } = fields;
  const isComplete =
    typeof nodeId === 'string' &&
    typeof advertiseHost === 'string' &&
    typeof advertisePort === 'number' &&
    typeof listenHost === 'string' &&
    typeof listenPort === 'number';
  if (!isComplete) throw new Refusal('state-unreadable', { file: path, reason: 'it is not complete' });
  const member = { nodeId, advertiseHost, advertisePort, listenHost, listenPort };
  return dataPathHost === undefined ? member : { ...member, dataPathHost };
}

/** Makes this node a member, durably. */
export async function writeMember(path: string, member: Member): Promise<void> {
  await replaceFile(path, `${JSON.stringify({ version: VERSION, ...member })}\n`);
}
