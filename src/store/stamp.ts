import type { Instant } from '../base/index.ts';
import { type Service, type Task, type Timestamp, timestamp } from '../model/index.ts';
import type { Change, Remove } from './change.ts';
import type { Contents } from './contents.ts';
import type { Tables, WritableTable } from './tables.ts';
import { chooseTemplate } from './templates.ts';

/** What one entry puts on everything it writes; made once, shared by all its objects. */
export interface Stamp {
  readonly index: number;
  readonly version: { readonly Index: number };
  readonly at: Timestamp;
}

export function stampOf(index: number, storeTime: Instant): Stamp {
  return { index, version: { Index: index }, at: timestamp(storeTime) };
}

/** The object as it will stand in the store. `Change` says what is set. */
export function stamped(
  change: Exclude<Change, Remove>,
  before: Tables[WritableTable] | undefined,
  stamp: Stamp,
): Tables[WritableTable] {
  const { object } = change;
  const moves = before === undefined || change.newVersion === true;
  return {
    ...object,
    Version: moves ? stamp.version : before.Version,
    CreatedAt: before === undefined ? stamp.at : before.CreatedAt,
    UpdatedAt: moves ? stamp.at : before.UpdatedAt,
    Internal: { ...object.Internal, Revision: stamp.index },
    // The fields that differ by table are spread from an object of that table.
  } as Tables[WritableTable];
}

/** A task whose ids are the very strings that the store holds already: three a task, 150 bytes of a million times. */
export function withSharedIds(task: Task, before: Task | undefined, contents: Contents): Task {
  const service = contents.rows.service.get(task.ServiceID);
  const node = task.NodeID === undefined ? undefined : contents.rows.node.get(task.NodeID);
  return {
    ...task,
    ...(before === undefined ? {} : { ID: before.ID }),
    ...(service === undefined ? {} : { ServiceID: service.ID }),
    ...(node === undefined ? {} : { NodeID: node.ID }),
  };
}

/** A service with the spec versions that it had: nothing but an accepted spec moves them. */
export function withKeptVersions(service: Service, before: Service): Service {
  return withSpecVersions(service, before.Internal.SpecVersion, before.Internal.PreviousSpecVersion);
}

/** A service whose spec is accepted, with the template rows to be written beside it. */
export function withChosenTemplate(service: Service, before: Service | undefined, contents: Contents, index: number) {
  const versions = before === undefined ? [] : [before.Internal.SpecVersion, before.Internal.PreviousSpecVersion];
  const known = versions
    .map((version) => (version === undefined ? undefined : contents.template(service.ID, version)))
    .filter((template) => template !== undefined);
  const chosen = chooseTemplate(service, known, index);
  return {
    service: withSpecVersions(service, chosen.specVersion, chosen.previousSpecVersion),
    row: chosen.row,
  };
}

function withSpecVersions(service: Service, SpecVersion: number, previous: number | undefined): Service {
  const { PreviousSpecVersion: _given, ...rest } = service.Internal;
  const versions = { SpecVersion, ...(previous === undefined ? {} : { PreviousSpecVersion: previous }) };
  return { ...service, Internal: { ...rest, ...versions } };
}
