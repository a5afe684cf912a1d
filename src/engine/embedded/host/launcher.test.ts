import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { runCommand } from './command.ts';
import { Launcher } from './launcher.ts';

const owner = `launcher-test-${process.pid}`;
const launcher = new Launcher(owner);
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

describe('a program that goes on by itself', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ruche-launcher-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  const at = (name: string) => join(directory, name);
  const supervised = (script: string) => ({
    file: '/bin/sh',
    args: ['-c', script],
    cwd: directory,
    env: { ASKED: 'yes' },
    errorPath: at('errors'),
    groups: [at('group')],
  });

  test('stands in its groups before it is let go, and its line is the answer', async () => {
    const script = 'read go <&4; echo "$ASKED $(cat group) $$ $PWD" >&3; exec 3>&-; sleep 60 & echo $! >child; wait';
    const line = await launcher.supervise(supervised(script), 5_000);
    const [asked, inGroup, own, cwd] = line.trim().split(' ');
    expect([asked, inGroup, cwd]).toEqual(['yes', own, directory]);
    process.kill(-Number(own), 'SIGKILL');
  });

  test('one that ends without a line answers with nothing, and its words are in its file', async () => {
    expect(await launcher.supervise(supervised('echo broken >&2'), 5_000)).toBe('');
    expect(readFileSync(at('errors'), 'utf8')).toBe('broken\n');
  });

  test('one that says nothing in time is killed', async () => {
    expect(await launcher.supervise(supervised('exec sleep 60'), 50)).toBe('');
  });
});

test('a launcher of a daemon that was killed takes no orders any more', async () => {
  const pid = Number((await shell('echo $PPID')).stdout);
  const running = shell('sleep 60');
  await new Launcher(owner).endFormer();
  await expect(running).rejects.toThrow(/launcher/);
  expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
});
