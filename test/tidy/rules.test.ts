import { describe, expect, test } from 'vitest';
import { sourceFiles } from './imports.ts';
import { allowedImports, exceptions, pureFolders } from './rules.ts';

const sources = sourceFiles('src');
const production = sources.filter((file) => !file.isTest);
const roomOf = (path: string) => (path.startsWith('src/') ? path.split('/')[1] : undefined);

describe('the house', () => {
  test('every room is named in the rules, and imports only what the rules allow', () => {
    const wrong = sources.flatMap((file) => {
      const allowed = allowedImports[file.room];
      if (allowed === undefined) return [`${file.path}: the room ${file.room} is not in test/tidy/rules.ts`];
      return file.imports
        .map((imported) => ({ imported, room: roomOf(imported) }))
        .filter(({ room }) => room !== undefined && room !== file.room && !allowed.includes(room) && !file.isTest)
        .map(({ imported }) => `${file.path} imports ${imported}`);
    });
    expect(wrong).toEqual([]);
  });

  test('a room is entered through its index', () => {
    const wrong = sources.flatMap((file) =>
      file.imports
        .filter((imported) => roomOf(imported) !== undefined && roomOf(imported) !== file.room)
        .filter((imported) => !imported.endsWith('/index.ts') && !imported.includes('/testing'))
        .filter(() => !file.isTest)
        .map((imported) => `${file.path} imports ${imported}`),
    );
    expect(wrong).toEqual([]);
  });

  test('pure folders do no I/O and read neither clock nor chance', () => {
    const impure = production
      .filter((file) => pureFolders.some((folder) => file.path.startsWith(folder)))
      .flatMap((file) => {
        const code = file.text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
        const found =
          code.match(
            /\b(Date\.now|new Date\(\)|Math\.random|setTimeout|setInterval|setImmediate|process\.|performance\.)/g,
          ) ?? [];
        const nodeImports = file.imports.filter((name) => name.startsWith('node:'));
        return [...found, ...nodeImports].map((what) => `${file.path}: ${what}`);
      });
    expect(impure).toEqual([]);
  });

  test('no cycle between rooms', () => {
    const edges = new Map<string, Set<string>>();
    for (const file of production) {
      for (const imported of file.imports) {
        const room = roomOf(imported);
        if (room !== undefined && room !== file.room) {
          edges.set(file.room, (edges.get(file.room) ?? new Set()).add(room));
        }
      }
    }
    const cycles: string[] = [];
    const visit = (room: string, path: readonly string[]): void => {
      if (path.includes(room)) cycles.push([...path.slice(path.indexOf(room)), room].join(' → '));
      else for (const next of edges.get(room) ?? []) visit(next, [...path, room]);
    };
    for (const room of edges.keys()) visit(room, []);
    expect(cycles).toEqual([]);
  });
});

describe('files', () => {
  test('have at most 400 lines', () => {
    const long = sources.filter((file) => file.lines > 400 && !file.isTest).map((file) => file.path);
    expect(long.filter((path) => !exceptions.longFiles.includes(path))).toEqual([]);
    expect(exceptions.longFiles.filter((path) => !long.includes(path))).toEqual([]);
  });

  test('are named in kebab-case, by what they hold', () => {
    const name = /^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.bench)?\.ts$/;
    const wrong = sources
      .map((file) => file.path)
      .filter((path) => {
        const base = path.split('/').at(-1) ?? '';
        return !name.test(base) || /^(utils?|helpers?|types|misc|common)\.ts$/.test(base);
      });
    expect(wrong).toEqual([]);
  });

  test('export names, not defaults, and never everything', () => {
    const wrong = production
      .filter((file) => /^export default|^export \* from/m.test(file.text))
      .map((file) => file.path);
    expect(wrong).toEqual([]);
  });

  test('speak of the project alone and leave nothing for later', () => {
    const wrong = sources.flatMap((file) =>
      [
        ...file.text.matchAll(
          /\b(TODO|FIXME|XXX|HACK)\b|@ts-(?:ignore|expect-error|nocheck)|\b(?:test|it|describe)\.(?:skip|only|todo)\b/g,
        ),
      ].map((match) => `${file.path}: ${match[0]}`),
    );
    expect(wrong).toEqual([]);
  });

  test('imports name files with their ending', () => {
    const wrong = sources.flatMap((file) =>
      file.imports
        .filter((name) => name.startsWith('src/') && !name.endsWith('.ts'))
        .map((name) => `${file.path}: ${name}`),
    );
    expect(wrong).toEqual([]);
  });
});
