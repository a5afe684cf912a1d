// The compiler's library lacks `JSON.rawJSON` (ECMAScript proposal at stage 4, in V8 since 11.4).
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** JSON of a document that may hold integers beyond 2^53, which come out to the digit. Absent fields are left out. */
export function encodeJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // JSON knows no bigint. Rare, so the common case does not pay for a replacer, which would triple its cost.
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_key, part) => (typeof part === 'bigint' ? rawJSON(part.toString()) : part));
  }
}
