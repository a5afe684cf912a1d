/**
 * JSON whose integers beyond 2^53 survive: Docker sends times in nanoseconds and limits of Go's 64-bit types. Such an integer is
 * a `bigint`, all others are numbers.
 */
export function parseExact(text: string): unknown {
  // A reviver on every document would cost ten times the plain parse; sixteen digits in a row are rare.
  return /[0-9]{16}/.test(text) ? JSON.parse(text, keepLargeIntegers) : JSON.parse(text);
}

function keepLargeIntegers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return /^-?[0-9]+$/.test(source) ? BigInt(source) : value;
}
