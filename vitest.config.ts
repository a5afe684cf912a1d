import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/tidy/**/*.test.ts', 'bench/**/*.test.ts', 'test/conformance/**/*.test.ts'],
    exclude: ['**/*.e2e.test.ts'],
    pool: 'threads',
    maxWorkers: 2,
    // No test waits for time to pass; this ends one that hangs, also on a machine that is busy.
    testTimeout: 60_000,
  },
});
