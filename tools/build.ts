// Bundles daemon and CLI into one file, dist/ruche.mjs, which starts in half the time of the sources.
import { chmod } from 'node:fs/promises';
import { build } from 'esbuild';

const outfile = 'dist/ruche.mjs';
await build({
  entryPoints: ['src/cli/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  sourcemap: 'linked',
  legalComments: 'linked',
  logLevel: 'warning',
  // Packages in the older module format call require for Node's own modules.
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as requireFrom } from 'node:module';\nconst require = requireFrom(import.meta.url);",
  },
});
await chmod(outfile, 0o755);
process.stdout.write(`${outfile}\n`);
