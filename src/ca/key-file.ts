import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, Refusal } from '../base/index.ts';
import { replaceFile } from '../files/index.ts';

/** What only this node may know. The data key opens the node's log and snapshots; `identity` is absent outside a cluster. */
export interface NodeKeys {
  /** 32 bytes. */
  readonly dataKey: Uint8Array;
  readonly identity?: { readonly nodeId: string; readonly certificate: string; readonly privateKey: string };
}

// {"version":1,"dataKey":"<base64>","identity":{…}}, mode 0600. Later versions seal the data key with the unlock key.
const VERSION = 1;

/** Reads the key file; `undefined` when there is none. Throws `key-file-unreadable` when it can't be trusted. */
export async function readKeyFile(path: string): Promise<NodeKeys | undefined> {
  let text: string;
  let mode: number;
  try {
    const handle = await open(path, 'r');
    try {
      mode = (await handle.stat()).mode & 0o777;
      text = await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Refusal('key-file-unreadable', { file: path, reason: messageOf(error), cause: error });
  }
  if ((mode & 0o077) !== 0) {
    throw new Refusal('key-file-unreadable', {
      file: path,
      reason: `others may read it (mode ${mode.toString(8)}): chmod 600 it`,
    });
  }
  return parse(path, text);
}

function parse(file: string, text: string): NodeKeys {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new Refusal('key-file-unreadable', { file, reason: messageOf(error), cause: error });
  }
  const fields = isRecord(raw) ? raw : {};
  if (fields.version !== VERSION) {
    throw new Refusal('key-file-unreadable', {
      file,
      reason: `it has format ${String(fields.version)}, not ${VERSION}`,
    });
  }
  const dataKey = Buffer.from(typeof fields.dataKey === 'string' ? fields.dataKey : '', 'base64');
  if (dataKey.length !== 32) throw new Refusal('key-file-unreadable', { file, reason: 'its data key is not 32 bytes' });
  const { identity } = fields;
  if (!isRecord(identity)) return { dataKey };
  const { nodeId, certificate, privateKey } = identity;
  if (typeof nodeId !== 'string' || typeof certificate !== 'string' || typeof privateKey !== 'string') {
    throw new Refusal('key-file-unreadable', { file, reason: 'its node identity is not complete' });
  }
  return { dataKey, identity: { nodeId, certificate, privateKey } };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Replaces the key file durably: after a crash the old or the new one is there, whole. */
export async function writeKeyFile(path: string, keys: NodeKeys): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const body = { version: VERSION, dataKey: Buffer.from(keys.dataKey).toString('base64'), identity: keys.identity };
  await replaceFile(path, `${JSON.stringify(body)}\n`);
}
