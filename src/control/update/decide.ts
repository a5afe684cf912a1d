import type { Instant } from '../../base/index.ts';
import type { Service } from '../../model/index.ts';
import type { Transaction, View } from '../../store/index.ts';
import type { LoopContext } from '../loop.ts';
import { isLive, parseSlotKey, tasksOfPlace } from '../tasks/index.ts';
import { type Decision, earliest, MAX_CHANGES_PER_ACT, settled } from '../worklist.ts';
import { isDirty } from './dirty.ts';
import { type Ended, newFailures, reactTo } from './failure.ts';
import { finishSlot, replaceSlot, rolloutPolicy } from './replace-slot.ts';
import type { Rollout } from './rollout.ts';
import { begin, complete, isRolling } from './status.ts';

/** Added to a delay that is longer than the monitor period, ms, as Swarm: the last task is watched a little longer than the delay. */
const WATCH_BEYOND_DELAY_MS = 1_000;

/**
 * The next step of a service's roll-out: react to failures, finish hand-overs, replace as many slots as the parallelism leaves
 * room for, and complete it when the last new task was watched for the monitor period.
 */
export function decideUpdate(
  view: View,
  service: Service,
  rollout: Rollout,
  ended: readonly Ended[],
  context: LoopContext,
): Decision {
  const reaction = isRolling(service)
    ? reactTo(service, newFailures(view, service, rollout, ended), context)
    : undefined;
  rollout.refresh(view, service);
  if (reaction !== undefined) return { transactions: [reaction], more: true };
  const dirty = rollout.waiting.size + rollout.handovers.size;
  const begun = isRolling(service) && service.Internal.Rollout?.Version === service.Version.Index;
  if (!begun && dirty > 0) {
    const slots = [...finishSlots(view, service, rollout), ...replaceSlots(view, service, rollout, dirty, context)];
    return { transactions: [begin(service, dirty, context), ...slots] };
  }
  if (!isRolling(service)) return settled;
  const { delayMs } = rolloutPolicy(service);
  const delayed = rollout.release(context.now, delayMs);
  const slots = service.Internal.Rollout?.Slots ?? dirty;
  const transactions = [
    ...finishSlots(view, service, rollout),
    ...replaceSlots(view, service, rollout, slots, context),
  ];
  if (transactions.length > 0 || dirty > 0) return { transactions, again: delayed };
  const completeAt = endOfWatch(service, rollout);
  if (completeAt === undefined || context.now < completeAt)
    return { transactions, again: earliest(delayed, completeAt) };
  return { transactions: [complete(service, context)] };
}

function finishSlots(view: View, service: Service, rollout: Rollout): Transaction[] {
  const transactions: Transaction[] = [];
  for (const key of rollout.handovers) {
    const { place } = parseSlotKey(key);
    const live = tasksOfPlace(view, service.ID, place).filter(isLive);
    transactions.push(...finishSlot(service, live, (task) => !isDirty(view, service, task)));
  }
  return transactions;
}

function replaceSlots(
  view: View,
  service: Service,
  rollout: Rollout,
  slots: number,
  context: LoopContext,
): Transaction[] {
  const { parallelism, order } = rolloutPolicy(service);
  const allowed = parallelism === 0 ? Math.max(slots, rollout.waiting.size) : parallelism;
  const transactions: Transaction[] = [];
  let changes = 0;
  for (const key of rollout.waiting) {
    if (rollout.active.size >= allowed || changes >= MAX_CHANGES_PER_ACT) break;
    const { place } = parseSlotKey(key);
    const tasks = tasksOfPlace(view, service.ID, place);
    const transaction = replaceSlot(view, { service, place, tasks, order }, context);
    transactions.push(transaction);
    changes += transaction.changes.length;
    // Its new task is seen in the next act, and the slot read again; until then it takes its share of the parallelism.
    rollout.active.add(key);
    rollout.touch(key);
  }
  return transactions;
}

/** When the roll-out is over: `undefined` while a new task has not run yet. */
function endOfWatch(service: Service, rollout: Rollout): Instant | undefined {
  for (const key of rollout.active) if (rollout.made.get(key)?.reachedAt === undefined) return undefined;
  const { delayMs, monitorMs, failureAction } = rolloutPolicy(service);
  if (rollout.lastReachedAt === undefined) return Number.NEGATIVE_INFINITY;
  if (failureAction === 'continue') return rollout.lastReachedAt;
  return rollout.lastReachedAt + (delayMs >= monitorMs ? delayMs + WATCH_BEYOND_DELAY_MS : monitorMs);
}
