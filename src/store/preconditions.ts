import { unreachable } from '../base/index.ts';
import type { Precondition } from './change.ts';
import type { Contents } from './contents.ts';

/** Whether a precondition holds on what the store has now. */
export function holds(contents: Contents, precondition: Precondition): boolean {
  const { table } = precondition;
  switch (precondition.kind) {
    case 'revision':
      return contents.rows[table].get(precondition.id)?.Internal.Revision === precondition.revision;
    case 'version': {
      const object = contents.rows[table].get(precondition.id);
      return object !== undefined && 'Version' in object && object.Version.Index === precondition.index;
    }
    case 'exists':
      return contents.rows[table].has(precondition.id);
    case 'absent':
      return !contents.rows[table].has(precondition.id);
    case 'nameFree': {
      for (const id of contents.byName(table, precondition.name)) if (id !== precondition.exceptId) return false;
      return true;
    }
    default:
      return unreachable(precondition);
  }
}
