import {
  assert,
  type Cancel,
  type Clock,
  type Instant,
  messageOf,
  type Random,
  Refusal,
  Unavailable,
} from '../base/index.ts';
import { createLoops, type Loop, type Quarantined } from '../control/index.ts';
import { type NodeId, snapshotInterval } from '../model/index.ts';
import type { ManagerConnection } from '../rpc/index.ts';
import {
  type Commit,
  type Outcome,
  Store,
  type Transaction,
  type View,
  type Watch,
  type WatchOptions,
} from '../store/index.ts';
import type { Recovered, WriteAheadLog } from '../wal/index.ts';
import type { Leadership, ReplicatedLog } from './consensus.ts';
import { Dispatcher, type Peer } from './dispatcher/index.ts';
import { openSingleMemberLog } from './log/single-member-log.ts';
import { StoreMachine } from './log/store-machine.ts';
import { LoopRunner } from './loop-runner.ts';
import { Proposer } from './proposer.ts';
import { StoreClock } from './store-clock.ts';
import { type ManagerLog, type NextTurn, nextTurn } from './turns.ts';

export interface ManagerOptions {
  readonly nodeId: NodeId;
  /** The opened log, and what was found in it. The manager closes it. */
  readonly wal: WriteAheadLog;
  readonly recovered: Recovered;
  /** The first entry of a new swarm; of no effect where there is a cluster already. */
  readonly bootstrap?: Transaction;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: ManagerLog;
  /** Called once, when the state can't be trusted any more: the process must end. */
  readonly onFatal: (error: Error) => void;
  /** All of `control/` unless a test wants others. */
  readonly loops?: readonly Loop[];
  readonly onQuarantined?: (report: Quarantined) => void;
  readonly nextTurn?: NextTurn;
}

/**
 * Recovers the state and starts a manager on it; resolves when it leads and serves. Rejects with `cluster-state-empty` when there is
 * no cluster in the log and none to begin, or with what the log says; then nothing is left running.
 */
export async function startManager(options: ManagerOptions): Promise<Manager> {
  const turn = options.nextTurn ?? nextTurn;
  const store = new Store();
  const machine = new StoreMachine(store, turn);
  const interval = () => snapshotInterval(store.cluster()?.Spec ?? {});
  const log = await openSingleMemberLog({ ...options, machine, nextTurn: turn, snapshotInterval: interval }).catch(
    async (error: unknown) => {
      await options.wal.close();
      throw error;
    },
  );
  const { records, cutBytes } = options.recovered;
  const found = { index: store.index, records: records.length, cutBytes, term: log.leadership().term };
  options.log.info(found, 'state recovered');
  const manager = new Manager(options, { store, machine, log, turn });
  try {
    await manager.begin(options.bootstrap);
  } catch (error) {
    await manager.stop();
    throw error;
  }
  return manager;
}

const emptyEntry: Transaction = { preconditions: [], changes: [] };

interface Parts {
  readonly store: Store;
  readonly machine: StoreMachine;
  readonly log: ReplicatedLog;
  readonly turn: NextTurn;
}

/** One manager: the store and its log, the leader's loops, the agents' sessions. */
export class Manager {
  readonly #nodeId: NodeId;
  readonly #notes: ManagerLog;
  readonly #store: Store;
  readonly #log: ReplicatedLog;
  readonly #storeClock: StoreClock;
  readonly #proposer: Proposer;
  readonly #runners: readonly LoopRunner[];
  readonly #dispatcher: Dispatcher;
  readonly #leave: Cancel[] = [];
  #isLeading = false;
  #stopping: Promise<void> | undefined;

  constructor(options: ManagerOptions, { store, machine, log, turn }: Parts) {
    this.#nodeId = options.nodeId;
    this.#notes = options.log;
    this.#store = store;
    this.#log = log;
    this.#storeClock = new StoreClock(options.clock, () => store.storeTime);
    const storeNow = () => this.#storeClock.now();
    this.#proposer = new Proposer({ log, machine, view: store, clock: options.clock, storeNow });
    // Without what was found on the disk: it is applied, and would stay in memory as long as any part holds it.
    const { recovered: _applied, bootstrap: _proposed, ...lasting } = options;
    const shared = { ...lasting, view: store, proposer: this.#proposer, storeNow, nextTurn: turn };
    this.#runners = (options.loops ?? createLoops()).map((loop) => new LoopRunner({ ...shared, loop }));
    this.#dispatcher = new Dispatcher({ ...shared, term: () => log.leadership().term });
  }

  /** Called by `startManager`: writes the first entry where there is none, and takes up leading. */
  async begin(bootstrap: Transaction | undefined): Promise<void> {
    this.#storeClock.start();
    if (this.#store.cluster() === undefined) {
      if (bootstrap === undefined) throw new Refusal('cluster-state-empty');
      // An empty entry first, as Raft's first leader writes one: so no object ever has version 1, which clients try as a stale one.
      await this.#proposer.submit(emptyEntry, 'request');
      const { applied } = await this.#proposer.submit(bootstrap, 'request');
      assert(applied, 'nothing stands in the way of the first entry');
    }
    this.#leave.push(
      this.#store.onCommit((commit) => {
        for (const runner of this.#runners) runner.noteCommit(commit);
        this.#dispatcher.noteCommit(commit);
      }),
      this.#log.onLeadership((leadership) => this.#follow(leadership)),
    );
    this.#follow(this.#log.leadership());
  }

  /** The local state; valid until the next `await`. */
  view(): View {
    return this.#store;
  }

  /** Store time now, ms. */
  storeNow(): Instant {
    return this.#storeClock.now();
  }

  /** Resolves when everything that was committed before this call is in `view()`. */
  async readBarrier(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#stopping !== undefined) throw new Unavailable('manager-stopping');
    await this.#log.readBarrier();
  }

  /**
   * Proposes what `build` makes of the current view and resolves with what became of it; see `Proposer`. What `build` throws comes
   * out unchanged.
   */
  update(build: (view: View, now: Instant) => Transaction, signal?: AbortSignal): Promise<Outcome> {
    return this.#proposer.update(build, signal);
  }

  /**
   * Every commit from now on, in log order, within the turn that applied it. The listener must not block, and must not throw: what it
   * throws is logged, since an error in apply would end the daemon.
   */
  watch(listener: (commit: Commit) => void): Cancel {
    return this.#store.onCommit((commit) => {
      try {
        listener(commit);
      } catch (error) {
        this.#notes.error({ index: commit.index, error: messageOf(error) }, 'watcher failed');
      }
    });
  }

  /** Every commit from this turn on, for a reader at its own pace. */
  watchBatches(options?: WatchOptions): Watch {
    return this.#store.watch(options);
  }

  leadership(): Leadership {
    return this.#log.leadership();
  }

  /** The node that leads, as this one knows it. */
  leader(): NodeId | undefined {
    return this.#log.leadership().role === 'leader' ? this.#nodeId : undefined;
  }

  /** An agent's connection, from the network or from this process. */
  acceptAgent(connection: ManagerConnection, peer?: Peer): void {
    this.#dispatcher.accept(connection, peer);
  }

  get dispatcher(): Pick<Dispatcher, 'applied' | 'sessionCount'> {
    return this.#dispatcher;
  }

  /** Ends sessions and loops, writes out what is on its way and closes the log. Agents go on running what they run. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    for (const leave of this.#leave.splice(0)) leave();
    this.#endLeading('this manager is stopping');
    this.#proposer.close();
    this.#storeClock.stop();
    await this.#log.close();
  }

  #follow({ role }: Leadership): void {
    if (role === 'leader' && !this.#isLeading) {
      this.#isLeading = true;
      this.#storeClock.start();
      this.#dispatcher.start();
      for (const runner of this.#runners) runner.start();
    } else if (role !== 'leader') {
      this.#endLeading('this manager does not lead any more');
    }
  }

  #endLeading(reason: string): void {
    if (!this.#isLeading) return;
    this.#isLeading = false;
    this.#dispatcher.stop(reason);
    for (const runner of this.#runners) runner.stop();
  }
}
