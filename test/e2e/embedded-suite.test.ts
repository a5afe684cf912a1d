import { engineSuite } from '../../src/engine/port/suite.ts';
import { makeDirectories, openEngine, removeDirectories } from './harness/embedded.ts';

engineSuite({
  name: 'embedded',
  image: 'busybox',
  start: async () => {
    const directories = makeDirectories();
    return {
      engine: await openEngine(directories),
      reopen: () => openEngine(directories),
      end: async () => removeDirectories(directories),
    };
  },
});
