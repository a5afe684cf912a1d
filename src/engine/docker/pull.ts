import { Refusal } from '../../base/index.ts';
import type { PullProgress } from '../port/engine.ts';

/** One line of a pull's stream, as progress. Throws the engine's error when the line is one. */
export function pullProgress(line: Readonly<Record<string, unknown>>): PullProgress {
  if (line.error !== undefined || line.errorDetail !== undefined) throw pullError(line);
  const { id, status, progressDetail } = line;
  return {
    status: typeof status === 'string' ? status : '',
    ...(typeof id === 'string' && { id }),
    ...(typeof progressDetail === 'object' && progressDetail !== null && { progressDetail }),
  };
}

/** The stream's status was sent before the pull failed: the text alone tells what kind of failure it was. */
function pullError(line: Readonly<Record<string, unknown>>): Refusal {
  const detail = line.errorDetail;
  const message = typeof detail === 'object' && detail !== null && 'message' in detail ? detail.message : undefined;
  const text = String(message ?? line.error);
  const isMissing = /not found|does not exist|manifest unknown|access denied/.test(text);
  return new Refusal(isMissing ? 'engine-said-not-found' : 'engine-said-failed', { text });
}
