/**
 * What every room may use: time, chance, errors. Imports nothing, does no I/O.
 */
export { type Cancel, type Clock, type Instant, ManualClock } from './clock.ts';
export {
  AssertionFailed,
  assert,
  type ErrorCode,
  type ErrorEntry,
  type ErrorFacts,
  type ErrorKind,
  errorRegistry,
  messageOf,
  Refusal,
  type RpcCode,
  Unavailable,
  unreachable,
} from './errors/index.ts';
export { type Random, SeededRandom } from './random.ts';
