import { Refusal } from '../../base/index.ts';

/** A word inside an action; `at` counts characters from the template's start. */
export interface Token {
  readonly kind: 'field' | 'dot' | 'word' | 'string' | 'number' | '(' | ')' | '|';
  readonly text: string;
  readonly at: number;
}

/** A template as a row of texts and actions. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly tokens: readonly Token[]; readonly line: number };

/** Longer values are no host names, paths or variables. */
const MAX_TEMPLATE_CHARACTERS = 256 * 1024;

/** An error as Go's template package words it, of the template that Swarm calls `expansion`. */
export function templateError(line: number, why: string): Refusal {
  return new Refusal('template-invalid', { why: `template: expansion:${line}: ${why}` });
}

const tokenForm =
  /\s+|(?<field>\.[\p{L}_][\p{L}\p{N}_]*)|(?<word>[\p{L}_$][\p{L}\p{N}_]*)|(?<number>[+-]?\d+(?:\.\d+)?)|(?<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)|(?<sign>[().|])/uy;

/** Cuts a template into its pieces. Actions that end or begin with `-` take the white space beside them away. */
export function cutTemplate(text: string): readonly Piece[] {
  if (text.length > MAX_TEMPLATE_CHARACTERS)
    throw templateError(1, `longer than ${MAX_TEMPLATE_CHARACTERS} characters`);
  const pieces: Piece[] = [];
  let at = 0;
  let trimsNext = false;
  for (;;) {
    const open = text.indexOf('{{', at);
    const end = open === -1 ? text.length : open;
    const trimsBefore = /^\{\{-\s/.test(text.slice(open, open + 4)) && open !== -1;
    const plain = trimmed(text.slice(at, end), trimsNext, trimsBefore);
    if (plain !== '') pieces.push({ kind: 'text', text: plain });
    if (open === -1) return pieces;
    const action = readAction(text, open + (trimsBefore ? 3 : 2));
    if (action.tokens !== undefined) pieces.push({ kind: 'action', tokens: action.tokens, line: lineOf(text, open) });
    at = action.end;
    trimsNext = action.trimsAfter;
  }
}

function trimmed(text: string, start: boolean, end: boolean): string {
  const front = start ? text.trimStart() : text;
  return end ? front.trimEnd() : front;
}

interface Action {
  /** Absent for a comment. */
  readonly tokens: readonly Token[] | undefined;
  readonly end: number;
  readonly trimsAfter: boolean;
}

function readAction(text: string, start: number): Action {
  const comment = /\s*\/\*[\s\S]*?\*\/\s*(-?)\}\}/y;
  comment.lastIndex = start;
  const skipped = comment.exec(text);
  if (skipped !== null) return { tokens: undefined, end: comment.lastIndex, trimsAfter: skipped[1] === '-' };
  const tokens: Token[] = [];
  let at = start;
  for (;;) {
    if (text.startsWith('}}', at)) return { tokens, end: at + 2, trimsAfter: false };
    if (/^\s-\}\}/.test(text.slice(at, at + 4))) return { tokens, end: at + 4, trimsAfter: true };
    tokenForm.lastIndex = at;
    const match = tokenForm.exec(text);
    if (match === null) throw brokenAction(text, at);
    const token = tokenOf(match, at);
    if (token !== undefined) tokens.push(token);
    // White space before a closing `-}}` belongs to that mark.
    at =
      token === undefined && /^-\}\}/.test(text.slice(tokenForm.lastIndex))
        ? tokenForm.lastIndex - 1
        : tokenForm.lastIndex;
  }
}

function tokenOf(match: RegExpExecArray, at: number): Token | undefined {
  const { field, word, number, string, sign } = match.groups ?? {};
  if (field !== undefined) return { kind: 'field', text: field.slice(1), at };
  if (word !== undefined) return { kind: 'word', text: word, at };
  if (number !== undefined) return { kind: 'number', text: number, at };
  if (string !== undefined) return { kind: 'string', text: string, at };
  if (sign === '.') return { kind: 'dot', text: '.', at };
  return sign === '(' || sign === ')' || sign === '|' ? { kind: sign, text: sign, at } : undefined;
}

function brokenAction(text: string, at: number): Refusal {
  const line = lineOf(text, at);
  const character = text.at(at);
  if (character === undefined) return templateError(line, 'unclosed action');
  if (character === '"') return templateError(line, 'unterminated quoted string');
  if (character === '`') return templateError(line, 'unterminated raw quoted string');
  const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return templateError(line, `unexpected bad character U+${code} '${character}' in command`);
}

/** The line, from 1, of a place in a text. */
export function lineOf(text: string, at: number): number {
  return text.slice(0, at).split('\n').length;
}
