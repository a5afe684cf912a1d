import type { Changed, Commit } from '../../store/index.ts';
import type { ApiEvent } from '../ports.ts';

/** The tables that clients hear of; tasks show as events of their containers (behaviour reference 2.4). */
type EventTable = 'node' | 'service' | 'network' | 'secret' | 'config';
type EventChange = Extract<Changed, { table: EventTable }>;
type Attributes = Record<string, string>;

const eventTables: ReadonlySet<string> = new Set<EventTable>(['node', 'service', 'network', 'secret', 'config']);

/** The events of one commit, in its order. Writes that change nothing a client is told of give none. */
export function eventsOfCommit(commit: Commit): readonly ApiEvent[] {
  const events: ApiEvent[] = [];
  for (const change of commit.changes) {
    if (!isEventChange(change)) continue;
    const event = eventOf(change, commit.storeTime);
    if (event !== undefined) events.push(event);
  }
  return events;
}

function isEventChange(change: Changed): change is EventChange {
  return eventTables.has(change.table);
}

function eventOf(change: EventChange, storeTime: number): ApiEvent | undefined {
  const subject = change.after ?? change.before;
  if (subject === undefined) return undefined;
  const action = change.before === undefined ? 'create' : change.after === undefined ? 'remove' : 'update';
  const details = action === 'update' ? detailsOf(change) : {};
  if (action === 'update' && Object.keys(details).length === 0 && !isVersionMoved(change)) return undefined;
  const Attributes = { name: nameOf(change), ...details };
  return {
    Type: change.table,
    Action: action,
    Actor: { ID: change.id, Attributes },
    scope: 'swarm',
    time: Math.floor(storeTime / 1000),
    timeNano: BigInt(Math.floor(storeTime)) * 1_000_000n,
  };
}

function isVersionMoved({ before, after }: EventChange): boolean {
  return before?.Version.Index !== after?.Version.Index;
}

function nameOf(change: EventChange): string {
  if (change.table === 'node') return (change.after ?? change.before)?.Description?.Hostname ?? '';
  return (change.after ?? change.before)?.Spec.Name ?? '';
}

function detailsOf(change: EventChange): Attributes {
  switch (change.table) {
    case 'node':
      return nodeDetails(change);
    case 'service':
      return serviceDetails(change);
    default:
      return {};
  }
}

function nodeDetails({ before, after }: Extract<EventChange, { table: 'node' }>): Attributes {
  return {
    ...pair('availability', before?.Spec.Availability, after?.Spec.Availability),
    ...pair('role', before?.Spec.Role, after?.Spec.Role),
    ...pair('state', before?.Status.State, after?.Status.State),
    ...pair('leader', leaderWord(before), leaderWord(after)),
    ...pair('reachability', before?.ManagerStatus?.Reachability, after?.ManagerStatus?.Reachability),
  };
}

function leaderWord(node: Extract<EventChange, { table: 'node' }>['after']): string | undefined {
  return node?.ManagerStatus === undefined ? undefined : String(node.ManagerStatus.Leader === true);
}

function serviceDetails({ before, after }: Extract<EventChange, { table: 'service' }>): Attributes {
  const imageOf = (service: typeof after) => service?.Spec.TaskTemplate?.ContainerSpec?.Image;
  const replicasOf = (service: typeof after) => service?.Spec.Mode?.Replicated?.Replicas;
  return {
    ...pair('image', imageOf(before), imageOf(after)),
    ...pair('replicas', replicasOf(before)?.toString(), replicasOf(after)?.toString()),
    // A new spec clears the update status; Swarm tells of states that come, not of that.
    ...(after?.UpdateStatus && pair('updatestate', before?.UpdateStatus?.State, after.UpdateStatus.State)),
  };
}

/** `name.old` and `name.new` where they differ; absent values are left out. */
function pair(name: string, before: string | undefined, after: string | undefined): Attributes {
  if (before === after) return {};
  return {
    ...(before !== undefined && { [`${name}.old`]: before }),
    ...(after !== undefined && { [`${name}.new`]: after }),
  };
}
