import { Refusal } from '../../base/index.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * Base64 in the form that Go writes, so that equal data is equal text. Refuses what Go's standard decoder refuses, at the same byte;
 * as there, line breaks are skipped and bits beyond the last byte mean nothing.
 */
export function readBase64(text: string): string {
  const bare = text.replaceAll(/[\r\n]/g, '');
  if (bare.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(bare)) return withoutSpareBits(bare);
  const offsets = [...text].flatMap((character, at) => (character === '\r' || character === '\n' ? [] : [at]));
  const offsetOf = (at: number) => offsets[at] ?? text.length;
  const bad = bare.search(/[^A-Za-z0-9+/]/);
  if (bad === -1) throw new Refusal('json-base64', { offset: offsetOf(bare.length - (bare.length % 4)) });
  const isPadding = bare[bad] === '=' && bad % 4 >= 2;
  if (!isPadding) throw new Refusal('json-base64', { offset: offsetOf(bad) });
  const padding = 4 - (bad % 4);
  if (padding === 2 && bare[bad + 1] === undefined) throw new Refusal('json-base64', { offset: text.length });
  if (padding === 2 && bare[bad + 1] !== '=') throw new Refusal('json-base64', { offset: offsetOf(bad + 1) - 1 });
  throw new Refusal('json-base64', { offset: offsetOf(bad + padding) });
}

function withoutSpareBits(text: string): string {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  if (padding === 0) return text;
  const last = text.length - padding - 1;
  const kept = alphabet.indexOf(text.charAt(last)) & (padding === 2 ? 0x30 : 0x3c);
  return text.slice(0, last) + alphabet.charAt(kept) + '='.repeat(padding);
}
