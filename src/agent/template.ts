import { Refusal } from '../base/index.ts';

/** What templates of a service's spec may name (behaviour reference 8.5). */
export interface TemplateContext {
  readonly Service: { readonly ID: string; readonly Name: string; readonly Labels: Readonly<Record<string, string>> };
  readonly Node: {
    readonly ID: string;
    readonly Hostname: string;
    readonly Platform: { readonly Architecture: string; readonly OS: string };
  };
  /** `Slot` is the node's id for tasks of global services. */
  readonly Task: { readonly ID: string; readonly Name: string; readonly Slot: string };
}

/** Expands the templates in a text; throws a `Refusal` for what can't be expanded. */
export type ExpandTemplate = (text: string, context: TemplateContext) => string;

/** `{{ … }}`, with Go's trim markers. */
const ACTION = /\s*\{\{- ?(.*?) ?-\}\}\s*|\s*\{\{- ?(.*?)\}\}|\{\{(.*?) ?-\}\}\s*|\{\{(.*?)\}\}/gs;
const FIELD = /^(?:\.[A-Za-z_][A-Za-z0-9_]*)+$/;
const INDEX = /^index\s+((?:\.[A-Za-z_][A-Za-z0-9_]*)+)\s+("(?:[^"\\]|\\.)*"|`[^`]*`)$/;

/** The part of Go's template language that specs use: fields and `index` of a map; the rest is refused by name. */
export const expandTemplate: ExpandTemplate = (text, context) => {
  if (!text.includes('{{')) return text;
  return text.replace(ACTION, (_whole, both?: string, left?: string, right?: string, plain?: string) =>
    evaluate((both ?? left ?? right ?? plain ?? '').trim(), context),
  );
};

function evaluate(expression: string, context: TemplateContext): string {
  if (expression.startsWith('/*') && expression.endsWith('*/')) return '';
  const index = INDEX.exec(expression);
  if (index !== null) {
    const [, path = '', quoted = ''] = index;
    const key = quoted.startsWith('`') ? quoted.slice(1, -1) : String(JSON.parse(quoted));
    const found = ownField(fieldAt(path, context, expression), key);
    // As Go: a missing key of a map of strings is the empty string to `index`.
    return found === undefined ? '' : shown(found, expression);
  }
  if (!FIELD.test(expression))
    throw new Refusal('task-template-bad', { expression, problem: 'only fields and index are understood here' });
  return shown(fieldAt(expression, context, expression), expression);
}

function fieldAt(path: string, context: TemplateContext, expression: string): unknown {
  let value: unknown = context;
  for (const name of path.slice(1).split('.')) {
    value = ownField(value, name);
    if (value === undefined) throw new Refusal('task-template-bad', { expression, problem: `there is no ${name}` });
  }
  return value;
}

function ownField(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

/** As Go prints it: maps as `map[a:1 b:2]`, sorted by key. */
function shown(value: unknown, expression: string): string {
  if (typeof value === 'string') return value;
  if (expression === '.Service.Labels' && typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `map[${entries.map(([key, entry]) => `${key}:${String(entry)}`).join(' ')}]`;
  }
  throw new Refusal('task-template-bad', { expression, problem: 'is not a value' });
}
