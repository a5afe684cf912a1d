/** A struct of Go as templates see it; `type` is how Go's messages call it. */
export interface StructValue {
  readonly type: string;
  readonly fields: Readonly<Record<string, Value>>;
}

export type Value = string | number | boolean | ReadonlyMap<string, string> | readonly string[] | StructValue;

/** Whether `if` takes the value for true: it is not its type's zero. */
export function isTrue(value: Value): boolean {
  if (value instanceof Map) return value.size > 0;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value === 'object' ? true : value !== '' && value !== 0 && value !== false;
}

/** A value as Go's `%v` prints it. */
export function print(value: Value): string {
  if (value instanceof Map) {
    const entries = [...value].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, entry]) => `${key}:${entry}`);
    return `map[${entries.join(' ')}]`;
  }
  if (isList(value)) return `[${value.join(' ')}]`;
  return isStruct(value) ? `{${Object.values(value.fields).map(print).join(' ')}}` : String(value);
}

export function isStruct(value: Value): value is StructValue {
  return typeof value === 'object' && 'fields' in value;
}

function isList(value: Value): value is readonly string[] {
  return Array.isArray(value);
}
