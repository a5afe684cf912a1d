import { readFile } from 'node:fs/promises';
import { replaceFile } from '../files/index.ts';
import type { AgentStateStorage } from './ports.ts';

/** The agent's state in one file of the node's disk, readable for its owner only. Its directory must exist. */
export function fileStateStorage(path: string): AgentStateStorage {
  return {
    read: async () => {
      try {
        return await readFile(path);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
    replace: (bytes) => replaceFile(path, bytes),
  };
}
