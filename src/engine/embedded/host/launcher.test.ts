import { afterEach, expect, test } from 'vitest';
import { runCommand } from './command.ts';
import { Launcher } from './launcher.ts';

const launcher = new Launcher();
afterEach(() => launcher.close());

const shell = (text: string) => launcher.run('/bin/sh', ['-c', text]);

test('gives exit code and output of each program to who asked for it', async () => {
  const results = await Promise.all([0, 1, 2, 3].map((n) => shell(`echo out${n}; echo err${n} >&2; exit ${n}`)));
  expect(results).toEqual([0, 1, 2, 3].map((n) => ({ code: n, stdout: `out${n}\n`, stderr: `err${n}\n` })));
});

test('programs see nothing of the daemon: neither its environment nor its descriptors', async () => {
  process.env.RUCHE_TEST_SECRET = 'secret';
  const { stdout } = await shell('env; ls /proc/self/fd');
  delete process.env.RUCHE_TEST_SECRET;
  expect(stdout).not.toContain('secret');
  expect(stdout).not.toContain('NODE_CHANNEL_FD');
  // Whoever started us may have given us descriptors that nobody closes; the launcher adds none.
  const { stdout: direct } = await runCommand('/bin/sh', ['-c', 'env; ls /proc/self/fd']);
  expect(stdout).toBe(direct);
});

test('a program that is not there or does not end in time is an outage with its name', async () => {
  await expect(launcher.run('/no/such/program', [])).rejects.toThrow(/no\/such\/program/);
  await expect(launcher.run('sleep', ['60'], 50)).rejects.toThrow(/did not end in time/);
  await expect(shell('exit 7')).resolves.toMatchObject({ code: 7 });
});

test('a launcher that was killed answers who waits with an outage, and the next order has a new one', async () => {
  await expect(shell('kill -9 $PPID; sleep 1')).rejects.toThrow(/launcher/);
  await expect(shell('echo again')).resolves.toMatchObject({ stdout: 'again\n' });
});
