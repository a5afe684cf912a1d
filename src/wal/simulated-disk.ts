import { assert, type Random } from '../base/index.ts';
import { type Disk, type DiskFile, DiskFull, type SyncPoint } from './disk.ts';

/** The unit that a crash keeps or loses as a whole, or tears. */
const SECTOR_BYTES = 512;

interface Inode {
  durable: Uint8Array;
  volatile: Uint8Array;
  readonly dirty: Set<number>;
}

type NameChange =
  | { readonly kind: 'create'; readonly name: string; readonly inode: Inode }
  /** A rename moves this file, whatever else its old name meant before or after. */
  | { readonly kind: 'rename'; readonly from: string; readonly to: string; readonly inode: Inode }
  | { readonly kind: 'remove'; readonly name: string };

export interface SimulatedFaults {
  /** Syncs of this kind resolve without making anything durable: a bug for the test of the tests. */
  readonly skipSync?: SyncPoint;
  /** The machine stops before the operation with this number (from 0): it and all later ones never return. */
  readonly haltAt?: number;
  /** Syncs of this kind fail. */
  readonly failSync?: SyncPoint;
  /** Bytes that all files together may take; more is `DiskFull`. */
  readonly capacityBytes?: number;
}

/**
 * A disk in memory that forgets what was not synced. `crash` gives the disk as the machine finds it afterwards: of every
 * unsynced sector the old, the new or a mixture; of unsynced names any subset of the changes.
 */
export class SimulatedDisk implements Disk {
  faults: SimulatedFaults;
  operations = 0;
  /** Syncs by kind: a test that leaves one out sees whether it was ever made. */
  readonly syncs = new Map<SyncPoint, number>();
  #durableNames: Map<string, Inode>;
  #names: Map<string, Inode>;
  #nameChanges: NameChange[] = [];

  constructor(faults: SimulatedFaults = {}, names: Map<string, Inode> = new Map()) {
    this.faults = faults;
    this.#durableNames = names;
    this.#names = new Map(names);
  }

  /** The disk after power loss, chosen by `random` among all that may be. This one must not be used any more. */
  crash(random: Random, faults: SimulatedFaults = {}): SimulatedDisk {
    const names = new Map(this.#durableNames);
    for (const change of this.#nameChanges) if (random.below(2) === 0) applyName(names, change);
    const survivors = new Map<string, Inode>();
    for (const [name, inode] of names) survivors.set(name, afterCrash(inode, random));
    return new SimulatedDisk(faults, survivors);
  }

  async open(name: string, { create }: { readonly create: boolean }): Promise<DiskFile> {
    await this.#step();
    let inode = this.#names.get(name);
    if (inode === undefined) {
      assert(create, 'no such file', { name });
      inode = { durable: new Uint8Array(0), volatile: new Uint8Array(0), dirty: new Set() };
      this.#change({ kind: 'create', name, inode });
    }
    return this.#file(inode);
  }

  async list(): Promise<readonly string[]> {
    await this.#step();
    return [...this.#names.keys()];
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#step();
    const inode = this.#names.get(from);
    assert(inode !== undefined, 'no such file', { name: from });
    this.#change({ kind: 'rename', from, to, inode });
  }

  async remove(name: string): Promise<void> {
    await this.#step();
    this.#change({ kind: 'remove', name });
  }

  async syncDirectory(point: SyncPoint): Promise<void> {
    if (!(await this.#syncs(point))) return;
    for (const change of this.#nameChanges.splice(0)) applyName(this.#durableNames, change);
  }

  /** Flips a byte of a file for good, as a failing disk does. */
  damage(name: string, offset: number): void {
    const inode = this.#names.get(name);
    assert(inode !== undefined && offset < inode.volatile.length, 'nothing to damage there', { name, offset });
    for (const bytes of [inode.durable, inode.volatile]) bytes[offset] = (bytes[offset] ?? 0) ^ 0xff;
  }

  #file(inode: Inode): DiskFile {
    return {
      size: async () => inode.volatile.length,
      read: async (offset, length) => inode.volatile.slice(offset, offset + length),
      write: async (offset, bytes) => {
        await this.#step();
        this.#grow(inode, offset + bytes.length);
        inode.volatile.set(bytes, offset);
        markDirty(inode, offset, offset + bytes.length);
      },
      truncate: async (sizeBytes) => {
        await this.#step();
        const old = inode.volatile;
        inode.volatile = new Uint8Array(sizeBytes);
        inode.volatile.set(old.subarray(0, sizeBytes));
        markDirty(inode, sizeBytes, old.length);
      },
      preallocate: async (sizeBytes) => {
        await this.#step();
        const old = inode.volatile.length;
        this.#grow(inode, sizeBytes);
        markDirty(inode, old, sizeBytes);
      },
      sync: async (point) => {
        if (!(await this.#syncs(point))) return;
        inode.durable = Uint8Array.from(inode.volatile);
        inode.dirty.clear();
      },
      close: async () => undefined,
    };
  }

  #grow(inode: Inode, sizeBytes: number): void {
    if (sizeBytes <= inode.volatile.length) return;
    const used = [...this.#names.values()].reduce((sum, one) => sum + one.volatile.length, 0);
    const { capacityBytes } = this.faults;
    if (capacityBytes !== undefined && used + sizeBytes - inode.volatile.length > capacityBytes) throw new DiskFull();
    const grown = new Uint8Array(sizeBytes);
    grown.set(inode.volatile);
    inode.volatile = grown;
  }

  #change(change: NameChange): void {
    applyName(this.#names, change);
    this.#nameChanges.push(change);
  }

  async #syncs(point: SyncPoint): Promise<boolean> {
    await this.#step();
    this.syncs.set(point, (this.syncs.get(point) ?? 0) + 1);
    if (this.faults.failSync === point) throw new Error('input/output error');
    return this.faults.skipSync !== point;
  }

  #step(): Promise<void> {
    const number = this.operations++;
    const { haltAt } = this.faults;
    return haltAt !== undefined && number >= haltAt ? new Promise(() => undefined) : Promise.resolve();
  }
}

function applyName(names: Map<string, Inode>, change: NameChange): void {
  if (change.kind === 'create') names.set(change.name, change.inode);
  if (change.kind === 'remove') names.delete(change.name);
  if (change.kind === 'rename') {
    if (names.get(change.from) === change.inode) names.delete(change.from);
    names.set(change.to, change.inode);
  }
}

function markDirty(inode: Inode, from: number, to: number): void {
  for (let sector = Math.floor(from / SECTOR_BYTES); sector * SECTOR_BYTES < to; sector++) inode.dirty.add(sector);
}

function afterCrash(inode: Inode, random: Random): Inode {
  const size = random.below(2) === 0 ? inode.durable.length : inode.volatile.length;
  const bytes = new Uint8Array(size);
  bytes.set(inode.durable.subarray(0, size));
  for (const sector of inode.dirty) {
    const start = sector * SECTOR_BYTES;
    const length = [0, SECTOR_BYTES, random.below(SECTOR_BYTES)][random.below(3)] ?? 0;
    const survived = inode.volatile.subarray(start, Math.min(start + length, size));
    if (start < size) bytes.set(survived, start);
  }
  return { durable: bytes, volatile: Uint8Array.from(bytes), dirty: new Set() };
}
