import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** A source file and what it imports. */
export interface SourceFile {
  /** Relative to the repository, e.g. `src/store/store.ts`. */
  readonly path: string;
  /** The folder below src, e.g. `store`. */
  readonly room: string;
  readonly text: string;
  readonly lines: number;
  readonly isTest: boolean;
  /** Relative imports as paths in the repository, others as written. */
  readonly imports: readonly string[];
}

const root = resolve(import.meta.dirname, '../..');

/** All TypeScript files below `folder`. */
export function sourceFiles(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => read(join(folder, name)))
    .sort((a, b) => a.path.localeCompare(b.path));
}

function read(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const imports = [
    ...text.matchAll(/^(?:import|export)\s[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|import\('([^']+)'\)/gm),
  ]
    .map((match) => match[1] ?? match[2] ?? match[3] ?? '')
    .map((name) => (name.startsWith('.') ? relative(root, resolve(root, dirname(path), name)) : name));
  return {
    path,
    room: path.split('/')[1] ?? '',
    text,
    lines: text.split('\n').length - 1,
    isTest: /\.(test|bench)\.ts$|\/(testing|suite|fixtures?)(\.ts$|\/)/.test(path),
    imports,
  };
}
