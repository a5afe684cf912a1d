import { Refusal } from '../../base/index.ts';
import { builtins, type TemplateFunction } from './functions.ts';
import { lineOf } from './lex.ts';
import { type Operand, type Part, type Pipe, parseTemplate } from './parse.ts';
import { isStruct, isTrue, print, type StructValue, type Value } from './values.ts';

/** What the placeholders of a task's spec stand for. */
export interface TemplateContext {
  readonly Service: { readonly ID: string; readonly Name: string; readonly Labels?: Readonly<Record<string, string>> };
  readonly Node: {
    readonly ID: string;
    readonly Hostname: string;
    readonly Platform: { readonly Architecture: string; readonly OS: string };
  };
  /** `Slot` is the slot's number, or the node's id where tasks have none. */
  readonly Task: { readonly ID: string; readonly Name: string; readonly Slot: string };
}

/** Functions beside the built-in ones, e.g. `secret` in a templated config. */
export type ExtraFunctions = Readonly<Record<string, (argument: string) => string>>;

/**
 * Expands the placeholders of Go's text/template in a text (behaviour reference 8.5). Has fields, pipelines, literals, parentheses,
 * `if`, `with`, comments, trimming, Go's functions for texts and Swarm's `join`; not `range`, variables and named templates, which are
 * refused by name. Throws a refusal with Go's text; a missing label is an error, `index` gives an empty text for it.
 */
export function expandTemplate(text: string, context: TemplateContext, extra: ExtraFunctions = {}): string {
  if (!text.includes('{{')) return text;
  const functions: Record<string, TemplateFunction> = { ...builtins };
  for (const [name, call] of Object.entries(extra)) functions[name] = (argument = '') => call(print(argument));
  const parts = parseTemplate(text, new Set(Object.keys(functions)));
  return new Evaluator(text, functions).all(parts, rootOf(context));
}

function rootOf({ Service, Node, Task }: TemplateContext): StructValue {
  const Labels = new Map(Object.entries(Service.Labels ?? {}));
  return {
    type: '*template.Context',
    fields: {
      Service: {
        type: 'struct { ID string; Name string; Labels map[string]string }',
        fields: { ID: Service.ID, Name: Service.Name, Labels },
      },
      Node: {
        type: 'struct { ID string; Hostname string; Platform template.Platform }',
        fields: {
          ID: Node.ID,
          Hostname: Node.Hostname,
          Platform: { type: 'template.Platform', fields: { ...Node.Platform } },
        },
      },
      Task: { type: 'struct { ID string; Name string; Slot string }', fields: { ...Task } },
    },
  };
}

class Evaluator {
  readonly #text: string;
  readonly #functions: Readonly<Record<string, TemplateFunction>>;

  constructor(text: string, functions: Readonly<Record<string, TemplateFunction>>) {
    this.#text = text;
    this.#functions = functions;
  }

  all(parts: readonly Part[], dot: Value): string {
    return parts.map((part) => this.#part(part, dot)).join('');
  }

  #part(part: Part, dot: Value): string {
    if (part.kind === 'text') return part.text;
    const value = this.#pipe(part.pipe, dot);
    if (part.kind === 'output') return print(value);
    if (!isTrue(value)) return this.all(part.otherwise, dot);
    return this.all(part.then, part.kind === 'with' ? value : dot);
  }

  #pipe(pipe: Pipe, dot: Value): Value {
    let piped: Value | undefined;
    for (const command of pipe) piped = this.#command(command, dot, piped);
    return piped ?? '';
  }

  #command([first, ...rest]: readonly Operand[], dot: Value, piped: Value | undefined): Value {
    if (first === undefined) return piped ?? '';
    const values = [...rest.map((operand) => this.#operand(operand, dot)), ...(piped === undefined ? [] : [piped])];
    if (first.kind === 'function') return this.#call(first.name, first.at, values);
    if (values.length > 0)
      throw this.#error(0, sourceOf(first), `can't give argument to non-function ${sourceOf(first)}`);
    return this.#operand(first, dot);
  }

  #operand(operand: Operand, dot: Value): Value {
    if (operand.kind === 'literal') return operand.value;
    if (operand.kind === 'function') return this.#call(operand.name, operand.at, []);
    let value = operand.base === undefined ? dot : this.#pipe(operand.base, dot);
    for (const name of operand.names) value = this.#field(value, name, operand.at, operand.source);
    return value;
  }

  #field(value: Value, name: string, at: number, source: string): Value {
    if (value instanceof Map) {
      const entry: string | undefined = value.get(name);
      if (entry === undefined) throw this.#error(at, source, `map has no entry for key ${JSON.stringify(name)}`);
      return entry;
    }
    if (isStruct(value)) {
      const field = Object.hasOwn(value.fields, name) ? value.fields[name] : undefined;
      if (field !== undefined) return field;
    }
    const type = isStruct(value) ? value.type : goTypeOf(value);
    throw this.#error(at, source, `can't evaluate field ${name} in type ${type}`);
  }

  #call(name: string, at: number, values: readonly Value[]): Value {
    const call = this.#functions[name];
    try {
      return call === undefined ? '' : call(...values);
    } catch (cause) {
      if (!(cause instanceof Error) || cause instanceof Refusal) throw cause;
      throw this.#error(at, name, `error calling ${name}: ${cause.message}`);
    }
  }

  #error(at: number, source: string, why: string): Refusal {
    const column = at - (this.#text.lastIndexOf('\n', Math.max(0, at - 1)) + 1);
    const place = `${lineOf(this.#text, at)}:${column}`;
    return new Refusal('template-invalid', {
      why: `template: expansion:${place}: executing "expansion" at <${source}>: ${why}`,
    });
  }
}

function sourceOf(operand: Operand): string {
  if (operand.kind === 'fields') return operand.source;
  return operand.kind === 'literal' ? String(operand.value) : operand.name;
}

function goTypeOf(value: Value): string {
  if (typeof value === 'string') return 'string';
  return typeof value === 'number' ? 'int' : typeof value === 'boolean' ? 'bool' : '[]string';
}
