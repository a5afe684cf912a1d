import { type Instant, Refusal } from '../base/index.ts';
import { packer } from './packer.ts';
import { isTableName, type TableName, type Tables, tableNames } from './tables.ts';

// snapshot: header chunk | slice chunk … | end chunk     chunk boundaries are kept by whoever carries it
// header:   | u8 format version | msgpack { index, storeTime } |
// slice:    msgpack { table, objects }
// end:      msgpack { objects: count of all }

const FORMAT_VERSION = 1;

/** Objects of one slice: encoding 256 tasks takes 1 to 2 ms. */
const SLICE_OBJECTS = 256;

/** Where a slice of large objects ends, in estimated bytes: secrets and configs hold up to 1 MB each. */
const SLICE_BYTES = 1_000_000;

/** The state at one log index: references only, no object is copied. */
export interface HeldState {
  readonly index: number;
  readonly storeTime: Instant;
  readonly tables: { readonly [T in TableName]: ReadonlyArray<Tables[T]> };
}

export interface SnapshotHeader {
  readonly index: number;
  readonly storeTime: Instant;
}

/** Copies the references: 10 ms for a million tasks (bench `store`). */
export function holdState(
  rows: { readonly [T in TableName]: ReadonlyMap<string, Tables[T]> },
  index: number,
  storeTime: Instant,
): HeldState {
  return {
    index,
    storeTime,
    tables: {
      cluster: [...rows.cluster.values()],
      node: [...rows.node.values()],
      service: [...rows.service.values()],
      task: [...rows.task.values()],
      template: [...rows.template.values()],
      network: [...rows.network.values()],
      secret: [...rows.secret.values()],
      config: [...rows.config.values()],
      volume: [...rows.volume.values()],
    },
  };
}

/**
 * The chunks of a snapshot, each encoded when it is asked for. Each step takes a few ms; the caller lets the event loop turn between
 * two.
 */
export function* snapshotSlices(held: HeldState): Generator<Uint8Array> {
  yield headerChunk(held);
  let objects = 0;
  for (const table of tableNames) {
    const rows: readonly Tables[TableName][] = held.tables[table];
    for (let from = 0; from < rows.length; ) {
      const slice = sliceFrom(rows, from);
      yield new Uint8Array(packer.pack({ table, objects: slice }));
      from += slice.length;
      objects += slice.length;
    }
  }
  yield new Uint8Array(packer.pack({ objects }));
}

/** Reads a snapshot and hands each object to `put`, table by table. Throws `snapshot-version` or `snapshot-damaged`. */
export async function readSnapshot(
  chunks: AsyncIterable<Uint8Array>,
  put: (table: TableName, object: Tables[TableName]) => void,
): Promise<SnapshotHeader> {
  let header: SnapshotHeader | undefined;
  let objects = 0;
  let isWhole = false;
  for await (const chunk of chunks) {
    if (isWhole) throw damaged('it goes on after its end');
    if (header === undefined) {
      header = readHeader(chunk);
      continue;
    }
    const slice = recordOf(chunk);
    if (slice.table === undefined) {
      if (slice.objects !== objects) throw damaged(`it has ${objects} objects of ${String(slice.objects)}`);
      isWhole = true;
      continue;
    }
    if (!isTableName(slice.table) || !Array.isArray(slice.objects)) throw damaged('a slice names no table');
    // Sealed and written by ourselves: what the checksum of the log lets through is what we wrote.
    for (const object of slice.objects) put(slice.table, object as Tables[TableName]);
    objects += slice.objects.length;
  }
  if (header === undefined || !isWhole) throw damaged('its end is missing');
  return header;
}

function sliceFrom(rows: readonly Tables[TableName][], from: number): readonly Tables[TableName][] {
  let bytes = 0;
  let to = from;
  while (to < rows.length && to - from < SLICE_OBJECTS && bytes < SLICE_BYTES) {
    const object = rows[to];
    if (object !== undefined) bytes += estimatedBytes(object);
    to++;
  }
  return rows.slice(from, to);
}

/** Only what may be large is looked at: data of configs and secrets, specs of services. */
function estimatedBytes(object: Tables[TableName]): number {
  if ('Data' in object.Internal && typeof object.Internal.Data === 'string') return object.Internal.Data.length;
  if (!('Spec' in object)) return 500;
  return 'Data' in object.Spec && typeof object.Spec.Data === 'string' ? object.Spec.Data.length : 4_000;
}

function headerChunk({ index, storeTime }: HeldState): Uint8Array {
  const body = packer.pack({ index, storeTime });
  const chunk = new Uint8Array(body.length + 1);
  chunk[0] = FORMAT_VERSION;
  chunk.set(body, 1);
  return chunk;
}

function readHeader(chunk: Uint8Array): SnapshotHeader {
  const version = chunk[0];
  if (version !== FORMAT_VERSION) throw new Refusal('snapshot-version', { version, known: FORMAT_VERSION });
  const { index, storeTime } = recordOf(chunk.subarray(1));
  if (typeof index !== 'number' || typeof storeTime !== 'number') throw damaged('its header names no index');
  return { index, storeTime };
}

function recordOf(chunk: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = packer.unpack(chunk);
  } catch (cause) {
    throw damaged('a slice cannot be read', cause);
  }
  if (typeof value !== 'object' || value === null) throw damaged('a slice is no record');
  // Checked: an object, whose fields the caller checks one by one.
  return value as Record<string, unknown>;
}

function damaged(problem: string, cause?: unknown): Refusal {
  return new Refusal('snapshot-damaged', { problem, ...(cause === undefined ? {} : { cause }) });
}
