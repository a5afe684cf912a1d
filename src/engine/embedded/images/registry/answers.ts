import { Refusal, Unavailable } from '../../../../base/index.ts';
import { familiarName, familiarRepository, type Reference } from '../reference.ts';
import { type HttpAnswer, shownUrl, smallBody } from './transport.ts';

/** The error behind an answer that is none of success, with the registry's own words. */
export async function errorOf(answer: HttpAnswer, url: string, reference: Reference): Promise<Refusal> {
  const why = registryWords(await smallBody(answer, url));
  const { status } = answer;
  if (status === 429) return new Unavailable('registry-rate-limited', { why: rateLimit(why, answer) });
  if (status === 401) return denied(reference, why || 'unauthorized: authentication required');
  if (status === 403) return denied(reference, why || 'denied: requested access to the resource is denied');
  if (status === 404) {
    if (/NAME_UNKNOWN/i.test(why) || /^name unknown/i.test(why)) return denied(reference, why);
    return new Refusal('registry-manifest-unknown', { name: familiarName(reference), why: why || 'manifest unknown' });
  }
  return new Unavailable('registry-failed', { url: shownUrl(url), status, why: why || 'no reason given' });
}

function denied(reference: Reference, why: string): Refusal {
  return new Refusal('registry-denied', { repository: familiarRepository(reference), why });
}

/** `code: message` of the first error, as Docker's client writes it; the code's words in lower case. */
function registryWords(body: string): string {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    // Proxies and stores answer with pages or plain text: their first line serves.
    return body.trim().split('\n')[0]?.slice(0, 200) ?? '';
  }
  const errors: unknown =
    typeof document === 'object' && document !== null && 'errors' in document ? document.errors : undefined;
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  if (typeof first !== 'object' || first === null) return '';
  const code = 'code' in first && typeof first.code === 'string' ? first.code : '';
  const message = 'message' in first && typeof first.message === 'string' ? first.message : '';
  const words = code.toLowerCase().replaceAll('_', ' ');
  return [words, message]
    .filter((part) => part !== '')
    .join(': ')
    .slice(0, 1000);
}

function rateLimit(why: string, answer: HttpAnswer): string {
  const text = why.replace(/^too ?many ?requests: /, '') || 'too many requests';
  const after = answer.headers.get('retry-after');
  return after !== undefined && /^\d{1,6}$/.test(after) ? `${text} (the registry asks to wait ${after} s)` : text;
}
