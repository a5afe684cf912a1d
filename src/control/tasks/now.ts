import type { Instant } from '../../base/index.ts';
import { type Timestamp, timestamp } from '../../model/index.ts';

let last: { readonly at: Instant; readonly text: Timestamp } = { at: 0, text: timestamp(0) };

/** The timestamp of store time; made once for all that one act writes. */
export function timestampOf(at: Instant): Timestamp {
  if (last.at !== at) last = { at, text: timestamp(at) };
  return last.text;
}
