import { Refusal } from '../../base/index.ts';

/**
 * JSON as written: members in order with duplicates, numbers as their digits. Go decodes keys one after another, the last one wins
 * and objects under a repeated key merge, so a parsed JavaScript object would know too little.
 */
export type Json =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'array'; readonly items: readonly Json[] }
  | { readonly kind: 'object'; readonly members: ReadonlyArray<readonly [string, Json]> };

/**
 * `stream`: the body of a request, as Go's Decoder words its errors; anything but white space after the document is refused.
 * `text`: a whole text, as Go's Unmarshal words them.
 */
export type JsonSource = 'stream' | 'text';

/** Deeper than any object of the API by far; a recursive reader must stop somewhere. Go stops at 10 000. */
const MAX_DEPTH = 200;

/** Reads one JSON document; what is none is refused (400) with the text that Go's scanner has for it. */
export function parseJson(text: string, source: JsonSource = 'stream'): Json {
  const reader = new Reader(text, source);
  return reader.document();
}

const NULL: Json = { kind: 'null' };
const escapes = new Set(['"', '\\', '/', 'b', 'f', 'n', 'r', 't']);
const literals = new Map<string, readonly [string, Json]>([
  ['t', ['true', { kind: 'bool', value: true }]],
  ['f', ['false', { kind: 'bool', value: false }]],
  ['n', ['null', NULL]],
]);

class Reader {
  readonly #text: string;
  readonly #source: JsonSource;
  #at = 0;

  constructor(text: string, source: JsonSource) {
    this.#text = text;
    this.#source = source;
  }

  document(): Json {
    this.#skipSpace();
    if (this.#at >= this.#text.length) throw new Refusal(this.#source === 'stream' ? 'json-empty' : 'json-ended');
    const value = this.#value(0);
    this.#skipSpace();
    if (this.#at < this.#text.length) {
      if (this.#source === 'stream') throw new Refusal('json-trailing');
      this.#unexpected('after top-level value');
    }
    return value;
  }

  #value(depth: number): Json {
    if (depth > MAX_DEPTH) throw new Refusal('json-too-deep');
    const first = this.#peek();
    if (first === '{') return this.#object(depth);
    if (first === '[') return this.#array(depth);
    if (first === '"') return { kind: 'string', value: this.#string() };
    if (first === '-' || isDigit(first)) return this.#number();
    const literal = literals.get(first);
    return literal === undefined ? this.#unexpected('looking for beginning of value') : this.#literal(...literal);
  }

  #object(depth: number): Json {
    this.#at++;
    const members: (readonly [string, Json])[] = [];
    if (this.#peekSkipping() === '}') {
      this.#at++;
      return { kind: 'object', members };
    }
    for (;;) {
      if (this.#peekSkipping() !== '"') this.#unexpected('looking for beginning of object key string');
      const key = this.#string();
      if (this.#peekSkipping() !== ':') this.#unexpected('after object key');
      this.#at++;
      this.#peekSkipping();
      members.push([key, this.#value(depth + 1)]);
      const next = this.#peekSkipping();
      if (next !== ',' && next !== '}') this.#unexpected('after object key:value pair');
      this.#at++;
      if (next === '}') return { kind: 'object', members };
    }
  }

  #array(depth: number): Json {
    this.#at++;
    const items: Json[] = [];
    if (this.#peekSkipping() === ']') {
      this.#at++;
      return { kind: 'array', items };
    }
    for (;;) {
      this.#peekSkipping();
      items.push(this.#value(depth + 1));
      const next = this.#peekSkipping();
      if (next !== ',' && next !== ']') this.#unexpected('after array element');
      this.#at++;
      if (next === ']') return { kind: 'array', items };
    }
  }

  /** Reads a string; Go replaces halves of surrogate pairs that stand alone. */
  #string(): string {
    const start = this.#at++;
    let isPlain = true;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === 0x22) break;
      if (Number.isNaN(code)) this.#ended();
      if (code < 0x20) this.#unexpected('in string literal');
      if (code === 0x5c) {
        isPlain = false;
        this.#escape();
      } else this.#at++;
    }
    this.#at++;
    if (isPlain) return this.#text.slice(start + 1, this.#at - 1);
    const value: unknown = JSON.parse(this.#text.slice(start, this.#at));
    return String(value).toWellFormed();
  }

  #escape(): void {
    this.#at++;
    const kind = this.#peek();
    if (kind !== 'u') {
      if (!escapes.has(kind)) this.#unexpected('in string escape code');
      this.#at++;
      return;
    }
    this.#at++;
    for (let digits = 0; digits < 4; digits++) {
      if (!/^[0-9a-fA-F]$/.test(this.#peek())) this.#unexpected('in \\u hexadecimal character escape');
      this.#at++;
    }
  }

  #number(): Json {
    const start = this.#at;
    if (this.#text[this.#at] === '-') {
      this.#at++;
      if (!isDigit(this.#peek())) this.#unexpected('in numeric literal');
    }
    if (this.#text[this.#at] === '0') this.#at++;
    else this.#digits();
    if (this.#text[this.#at] === '.') {
      this.#at++;
      if (!isDigit(this.#peek())) this.#unexpected('after decimal point in numeric literal');
      this.#digits();
    }
    if (this.#text[this.#at] === 'e' || this.#text[this.#at] === 'E') {
      this.#at++;
      if (this.#peek() === '+' || this.#peek() === '-') this.#at++;
      if (!isDigit(this.#peek())) this.#unexpected('in exponent of numeric literal');
      this.#digits();
    }
    return { kind: 'number', text: this.#text.slice(start, this.#at) };
  }

  #digits(): void {
    while (isDigit(this.#text[this.#at] ?? '')) this.#at++;
  }

  #literal(word: string, value: Json): Json {
    for (const expected of word) {
      if (this.#peek() !== expected) this.#unexpected(`in literal ${word} (expecting '${expected}')`);
      this.#at++;
    }
    return value;
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  #peekSkipping(): string {
    this.#skipSpace();
    return this.#peek();
  }

  #peek(): string {
    return this.#text[this.#at] ?? this.#ended();
  }

  #ended(): never {
    throw new Refusal(this.#source === 'stream' ? 'json-cut' : 'json-ended');
  }

  #unexpected(where: string): never {
    throw new Refusal('json-syntax', { character: quoteCharacter(this.#text.codePointAt(this.#at) ?? 0), where });
  }
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9' && character.length === 1;
}

const named = new Map([
  [0x07, '\\a'],
  [0x08, '\\b'],
  [0x0c, '\\f'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x09, '\\t'],
  [0x0b, '\\v'],
  [0x27, "\\'"],
  [0x5c, '\\\\'],
]);

/** Go's scanner sees bytes and quotes the first one of a character, so `ä` is shown as `'Ã'`. */
function quoteCharacter(codePoint: number): string {
  const byte = firstByte(codePoint);
  const name = named.get(byte);
  if (name !== undefined) return `'${name}'`;
  if (byte < 0x20 || byte === 0x7f) return `'\\x${byte.toString(16).padStart(2, '0')}'`;
  return `'${String.fromCharCode(byte)}'`;
}

function firstByte(codePoint: number): number {
  if (codePoint < 0x80) return codePoint;
  if (codePoint < 0x800) return 0xc0 | (codePoint >> 6);
  return codePoint < 0x10000 ? 0xe0 | (codePoint >> 12) : 0xf0 | (codePoint >> 18);
}
