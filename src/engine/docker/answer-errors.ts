import { type ErrorCode, Refusal, Unavailable } from '../../base/index.ts';

const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'engine-said-invalid',
  401: 'engine-said-unauthorized',
  403: 'engine-said-forbidden',
  404: 'engine-said-not-found',
  409: 'engine-said-conflict',
  501: 'engine-said-not-implemented',
};

/** An answer of 400 and above as an error that keeps the engine's own text. */
export function errorOfAnswer(status: number, text: string): Refusal {
  const facts = { status, text: messageIn(text) || `the Docker Engine answered with status ${status}` };
  if (status === 502 || status === 503 || status === 504) return new Unavailable('engine-said-unavailable', facts);
  return new Refusal(codeOfStatus[status] ?? (status < 500 ? 'engine-said-invalid' : 'engine-said-failed'), facts);
}

/** The message of an error's body: `{"message": …}`, or plain text of something in between. */
function messageIn(text: string): string {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && 'message' in parsed && typeof parsed.message === 'string') {
      return parsed.message.trim();
    }
  } catch (error) {
    // Not JSON: the text is the message.
    if (!(error instanceof SyntaxError)) throw error;
  }
  return text.trim();
}
