import { cutTemplate, lineOf, type Piece, type Token, templateError } from './lex.ts';

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly pipe: Pipe }
  | {
      readonly kind: 'if' | 'with';
      readonly pipe: Pipe;
      readonly then: readonly Part[];
      readonly otherwise: readonly Part[];
    };

/** Commands, each of which gets the result of the one before as its last argument. */
export type Pipe = ReadonlyArray<readonly Operand[]>;

export type Operand =
  /** `names` are looked up one after another, from the dot or from the result of `base`. */
  | {
      readonly kind: 'fields';
      readonly base?: Pipe;
      readonly names: readonly string[];
      readonly at: number;
      readonly source: string;
    }
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'function'; readonly name: string; readonly at: number };

/** What Go's templates have and values of a container's spec hardly need; refused by name. */
const unsupported = new Set(['range', 'define', 'template', 'block', 'break', 'continue', 'nil', 'call']);

/** Parses a template of Go's text/template; `functions` are the names that it may call. */
export function parseTemplate(text: string, functions: ReadonlySet<string>): readonly Part[] {
  const parser = new Parser(text, functions);
  return parser.all();
}

class Parser {
  readonly #text: string;
  readonly #functions: ReadonlySet<string>;
  readonly #pieces: readonly Piece[];
  #next = 0;

  constructor(text: string, functions: ReadonlySet<string>) {
    this.#text = text;
    this.#functions = functions;
    this.#pieces = cutTemplate(text);
  }

  all(): readonly Part[] {
    const { parts, ended } = this.#list();
    if (ended !== undefined) throw templateError(ended.line, `unexpected {{${ended.word}}}`);
    return parts;
  }

  /** Parts up to the end of the template, or up to an action that ends a list. */
  #list(): {
    readonly parts: readonly Part[];
    readonly ended?: { readonly word: string; readonly line: number; readonly rest: readonly Token[] };
  } {
    const parts: Part[] = [];
    for (;;) {
      const piece = this.#pieces[this.#next++];
      if (piece === undefined) return { parts };
      if (piece.kind === 'text') {
        parts.push(piece);
        continue;
      }
      const [first, ...rest] = piece.tokens;
      if (first === undefined) throw templateError(piece.line, 'missing value for command');
      const word = first.kind === 'word' ? first.text : '';
      if (word === 'end' || word === 'else') return { parts, ended: { word, line: piece.line, rest } };
      if (word === 'if' || word === 'with') parts.push(this.#branch(word, rest, piece.line));
      else parts.push({ kind: 'output', pipe: this.#pipe(piece.tokens, piece.line) });
    }
  }

  #branch(kind: 'if' | 'with', tokens: readonly Token[], line: number): Part {
    if (tokens.length === 0) throw templateError(line, `missing value for ${kind}`);
    const pipe = this.#pipe(tokens, line);
    const { parts: then, ended } = this.#list();
    if (ended === undefined) throw templateError(line, 'unexpected EOF');
    if (ended.word === 'end') return { kind, pipe, then, otherwise: [] };
    const [chained, ...rest] = ended.rest;
    if (chained?.kind === 'word' && (chained.text === 'if' || chained.text === 'with')) {
      return { kind, pipe, then, otherwise: [this.#branch(chained.text, rest, ended.line)] };
    }
    const other = this.#list();
    if (other.ended?.word !== 'end')
      throw templateError(line, other.ended === undefined ? 'unexpected EOF' : 'expected end; found {{else}}');
    return { kind, pipe, then, otherwise: other.parts };
  }

  #pipe(tokens: readonly Token[], line: number): Pipe {
    const commands: Operand[][] = [[]];
    for (let at = 0; at < tokens.length; ) {
      const token = tokens[at];
      if (token === undefined) break;
      if (token.kind === '|') {
        if (commands.at(-1)?.length === 0) throw templateError(line, 'missing value for command');
        commands.push([]);
        at++;
        continue;
      }
      const { operand, next } = this.#operand(tokens, at, line);
      commands.at(-1)?.push(operand);
      at = next;
    }
    if (commands.at(-1)?.length === 0) throw templateError(line, 'missing value for command');
    return commands;
  }

  #operand(tokens: readonly Token[], at: number, line: number): { readonly operand: Operand; readonly next: number } {
    const token = tokens[at];
    if (token === undefined || token.kind === ')') throw templateError(line, 'unexpected right paren');
    if (token.kind === 'string')
      return { operand: { kind: 'literal', value: this.#unquoted(token, line) }, next: at + 1 };
    if (token.kind === 'number') return { operand: { kind: 'literal', value: Number(token.text) }, next: at + 1 };
    if (token.kind === 'word') return { operand: this.#word(token, line), next: at + 1 };
    if (token.kind === '(') {
      const close = closingOf(tokens, at);
      if (close === -1) throw templateError(line, 'unclosed left paren');
      const base = this.#pipe(tokens.slice(at + 1, close), line);
      return this.#fields(tokens, close + 1, { base, names: [], at: token.at });
    }
    if (token.kind === 'dot')
      return { operand: { kind: 'fields', names: [], at: token.at, source: '.' }, next: at + 1 };
    return this.#fields(tokens, at + 1, { names: [token.text], at: token.at });
  }

  /** Takes the fields that stand right behind an operand. Go reports a chain of them at the place of its second. */
  #fields(
    tokens: readonly Token[],
    from: number,
    start: { readonly base?: Pipe; readonly names: readonly string[]; readonly at: number },
  ) {
    const names = [...start.names];
    let next = from;
    let at = start.at;
    for (;;) {
      const token = tokens[next];
      const before = tokens[next - 1];
      const ends = before === undefined ? 0 : before.at + before.text.length + (before.kind === 'field' ? 1 : 0);
      if (token?.kind !== 'field' || token.at !== ends) break;
      if (next === from) at = token.at;
      names.push(token.text);
      next++;
    }
    const source = names.map((name) => `.${name}`).join('');
    return { operand: { kind: 'fields' as const, ...(start.base && { base: start.base }), names, at, source }, next };
  }

  #word(token: Token, line: number): Operand {
    if (token.text === 'true' || token.text === 'false') return { kind: 'literal', value: token.text === 'true' };
    if (token.text.startsWith('$')) throw templateError(line, `undefined variable "${token.text}"`);
    if (unsupported.has(token.text)) throw templateError(line, `"${token.text}" is not supported here`);
    if (!this.#functions.has(token.text)) throw templateError(line, `function "${token.text}" not defined`);
    return { kind: 'function', name: token.text, at: token.at };
  }

  #unquoted(token: Token, line: number): string {
    if (token.text.startsWith('`')) return token.text.slice(1, -1);
    try {
      return String(JSON.parse(token.text));
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
      throw templateError(lineOf(this.#text, token.at) || line, 'invalid syntax');
    }
  }
}

function closingOf(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    if (tokens[at]?.kind === '(') depth++;
    if (tokens[at]?.kind === ')' && --depth === 0) return at;
  }
  return -1;
}
