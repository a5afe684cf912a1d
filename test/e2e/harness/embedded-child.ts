import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openEngine, soon } from './embedded.ts';

/**
 * A daemon to be killed: opens the engine of the directories given, then makes, starts, stops and removes containers for ever, several at
 * once, and reports each acknowledged step as a line `STEP NAME ID`.
 */
const [root = '', cgroupParent = '', prefix = ''] = process.argv.slice(2);
const engine = await openEngine({ root, cgroupParent });
process.stdout.write('open - -\n');

async function work(worker: number): Promise<void> {
  for (let round = 0; ; round++) {
    const name = `${prefix}-${worker}-${round}`;
    const report = (step: string, id: string): void => void process.stdout.write(`${step} ${name} ${id}\n`);
    const code = (worker + round) % 200;
    const id = await engine.createContainer(
      name,
      {
        Image: 'busybox',
        Cmd: ['sh', '-c', `echo ${name}; sleep 0.0${round % 5}; exit ${code}`],
        Labels: { code: String(code) },
      },
      { signal: soon() },
    );
    report('created', id);
    await engine.startContainer(id, soon());
    report('started', id);
    if (round % 3 === 0) {
      await engine.waitContainer(id, 'not-running', soon());
      report('ended', id);
      await engine.removeContainer(id, soon());
      report('removed', id);
    }
  }
}

process.on('SIGTERM', () => {
  engine.close().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
if (prefix === '') rmSync(join(root, 'unused'), { force: true });
else await Promise.all([0, 1, 2].map(work));
