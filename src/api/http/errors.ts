import { type ErrorKind, messageOf, Refusal } from '../../base/index.ts';
import type { ApiLog } from '../ports.ts';
import { type Answer, json } from './answer.ts';

/** The one table of error kinds and their statuses (behaviour reference 2.1). */
export const statusOfKind: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  notFound: 404,
  conflict: 409,
  internal: 500,
  notImplemented: 501,
  unavailable: 503,
};

/** Anything thrown, as an answer. What is no refusal is a fault of ours: noted for operators, told without a stack. */
export function answerOfError(error: unknown, log: ApiLog, where: string): Answer {
  if (error instanceof Refusal) return json({ message: error.message }, statusOfKind[error.kind]);
  log.error({ where, error }, 'api handler failed');
  return json({ message: messageOf(error) }, 500);
}
