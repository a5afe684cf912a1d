import type { TSchema } from 'typebox';
import { factsOf, fieldsOf, type GoFacts } from './schema.ts';

/** An object as a client sees it. */
export type Shown = Readonly<Record<string, unknown>>;

/**
 * A stored value as Go's encoder would print its struct: allow-listed by the schema, in its order, with the zeros that Go prints and
 * without those that it leaves out, without fields newer than the client's API version.
 */
export function show(schema: TSchema, value: unknown, apiMinor: number): Shown {
  return showStruct(factsOf(schema), value, apiMinor);
}

function showStruct(facts: GoFacts, value: unknown, apiMinor: number): Shown {
  const shown: Record<string, unknown> = {};
  const given = (value ?? {}) as Shown; // stored objects have the schema's shape
  for (const [name, field] of fieldsOf(facts)) {
    if ((field.since ?? 0) > apiMinor) continue;
    const result = showField(field, given[name], apiMinor);
    if (result !== undefined) shown[name] = result;
  }
  return shown;
}

function showField(facts: GoFacts, value: unknown, apiMinor: number): unknown {
  const isGiven = value !== undefined && value !== null;
  if (!isGiven && facts.presence === 'nullable') return null;
  if (!isGiven && facts.presence !== 'always') return undefined;
  if (facts.properties !== undefined) return showStruct(facts, value, apiMinor);
  if (!isGiven) return zeroOf(facts);
  if (facts.items !== undefined) return showList(facts, value as readonly unknown[], apiMinor); // as the schema says
  if (facts.additionalProperties !== undefined)
    return isOmitted(facts, Object.keys(value).length === 0) ? undefined : value;
  return isOmitted(facts, value === '' || value === 0 || value === 0n || value === false) ? undefined : value;
}

function showList(facts: GoFacts, elements: readonly unknown[], apiMinor: number): unknown {
  if (isOmitted(facts, elements.length === 0)) return undefined;
  const items = factsOf(facts.items ?? {});
  return items.properties === undefined ? elements : elements.map((element) => showStruct(items, element, apiMinor));
}

function isOmitted(facts: GoFacts, isZero: boolean): boolean {
  return isZero && facts.presence === undefined;
}

function zeroOf(facts: GoFacts): unknown {
  if (facts.additionalProperties !== undefined) return {};
  if (facts.items !== undefined) return null;
  if (facts.type === 'string') return '';
  return facts.type === 'boolean' ? false : 0;
}
