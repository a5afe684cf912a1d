import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AgentStateStorage } from './ports.ts';

/** The agent's state in one file of the node's disk, readable for its owner only. Its directory must exist. */
export function fileStateStorage(path: string): AgentStateStorage {
  const draft = `${path}.new`;
  return {
    read: async () => {
      try {
        return await readFile(path);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
    // Content, then name, then directory: a crash between any two leaves the old file or the new one, whole.
    replace: async (bytes) => {
      const file = await open(draft, 'w', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, path);
      const directory = await open(dirname(path), 'r');
      try {
        await directory.sync();
      } finally {
        await directory.close();
      }
    },
  };
}
