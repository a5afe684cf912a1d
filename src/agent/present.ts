import type { Integer } from '../model/index.ts';

/** `{ [name]: value }`, or nothing for an absent value: the engine must be able to tell absent from empty. */
export function present<N extends string, V>(name: N, value: V | undefined): { readonly [K in N]?: V } {
  // A computed key widens to string; the one key is `name`.
  return value === undefined ? {} : ({ [name]: value } as { readonly [K in N]?: V });
}

/** The list, unless it says nothing. */
export function filled<T>(items: readonly T[] | undefined): readonly T[] | undefined {
  return items === undefined || items.length === 0 ? undefined : items;
}

/** The text, unless it says nothing. */
export function filledText(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** The limit, unless it is zero: that means none in the Docker API. */
export function filledNumber(value: Integer | undefined): Integer | undefined {
  return value === undefined || Number(value) === 0 ? undefined : value;
}
