/** Values of variables by name, as an image's environment has them. */
export type Variables = ReadonlyMap<string, string>;

/**
 * Splits a Dockerfile instruction's words at blanks, with quotes, backslashes and variables resolved: `a="b c" d\ e $F`.
 * Source: Dockerfile reference, "Environment replacement".
 */
export function splitWords(text: string, variables: Variables): string[] {
  const words: string[] = [];
  const reader = new WordReader(text, variables);
  for (let word = reader.next(); word !== undefined; word = reader.next()) words.push(word);
  return words;
}

/** The whole text as one word: blanks stay. */
export function expand(text: string, variables: Variables): string {
  return new WordReader(text, variables).whole();
}

class WordReader {
  readonly #text: string;
  readonly #variables: Variables;
  #at = 0;

  constructor(text: string, variables: Variables) {
    this.#text = text;
    this.#variables = variables;
  }

  next(): string | undefined {
    while (/\s/.test(this.#peek())) this.#at += 1;
    return this.#at < this.#text.length ? this.#read((character) => /\s/.test(character)) : undefined;
  }

  whole(): string {
    return this.#read(() => false);
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #take(): string {
    return this.#text.charAt(this.#at++);
  }

  #read(isEnd: (character: string) => boolean): string {
    let word = '';
    while (this.#at < this.#text.length && !isEnd(this.#peek())) {
      const character = this.#take();
      if (character === "'") word += this.#single();
      else if (character === '"') word += this.#double();
      else if (character === '\\') word += this.#take();
      else if (character === '$') word += this.#variable();
      else word += character;
    }
    return word;
  }

  #single(): string {
    const end = this.#text.indexOf("'", this.#at);
    if (end === -1) throw new Error('unexpected end of statement while looking for matching single-quote');
    const inside = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return inside;
  }

  #double(): string {
    let inside = '';
    while (this.#at < this.#text.length) {
      const character = this.#take();
      if (character === '"') return inside;
      if (character === '$') inside += this.#variable();
      else if (character === '\\' && /["$\\]/.test(this.#peek())) inside += this.#take();
      else inside += character;
    }
    throw new Error('unexpected end of statement while looking for matching double-quote');
  }

  #variable(): string {
    const rest = this.#text.slice(this.#at);
    const plain = /^[A-Za-z_][A-Za-z0-9_]*/.exec(rest)?.[0];
    if (plain !== undefined) {
      this.#at += plain.length;
      return this.#variables.get(plain) ?? '';
    }
    const [match, name = '', operator, other = ''] =
      /^\{([A-Za-z_][A-Za-z0-9_]*)(?::([-+])([^}]*))?\}/.exec(rest) ?? [];
    if (match === undefined) return '$';
    this.#at += match.length;
    const value = this.#variables.get(name) ?? '';
    if (operator === '-') return value === '' ? other : value;
    return operator === '+' ? (value === '' ? '' : other) : value;
  }
}
