import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Locked {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly hasInstallScript?: boolean;
}

const lock: { readonly packages: Readonly<Record<string, Locked>> } = JSON.parse(
  readFileSync('package-lock.json', 'utf8'),
);
const packages = Object.entries(lock.packages).filter(([path]) => path !== '');

test('every locked package has its integrity, and none names where it came from', () => {
  expect(packages.filter(([, locked]) => locked.integrity === undefined).map(([path]) => path)).toEqual([]);
  expect(packages.filter(([, locked]) => locked.resolved !== undefined).map(([path]) => path)).toEqual([]);
});

test('the lock holds the packages of all platforms, so that it installs on each', () => {
  const missing = packages.flatMap(([, locked]) =>
    Object.keys(locked.optionalDependencies ?? {}).filter(
      (name) => !packages.some(([path]) => path.endsWith(`node_modules/${name}`)),
    ),
  );
  expect(missing).toEqual([]);
});

test('packages with install scripts are known: none of them may run', () => {
  const scripted = packages
    .filter(([, locked]) => locked.hasInstallScript)
    .map(([path]) => path.replace('node_modules/', ''));
  expect(scripted.sort()).toEqual(['esbuild', 'msgpackr-extract']);
});
