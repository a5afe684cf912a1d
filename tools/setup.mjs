#!/usr/bin/env node
// Makes this checkout ready to run: npm packages at the versions of the lock file, and the system's packages.
// Plain JavaScript for Node 20, without dependencies: it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';

/** System packages of Debian and Ubuntu, why each is there, and a file by which other systems show that they have it. */
const packages = {
  start: [
    ['runc', 'runs containers', ['/usr/sbin/runc', '/usr/bin/runc']],
    ['conmon', 'stays with each container, owns its output and exit status', ['/usr/bin/conmon']],
    ['golang-github-containers-common', 'the default seccomp profile', ['/usr/share/containers/seccomp.json']],
    [
      'catatonit',
      'the init process of containers that ask for one',
      ['/usr/bin/catatonit', '/usr/libexec/catatonit/catatonit'],
    ],
    ['socat', 'connects to the input of a container', ['/usr/bin/socat']],
    ['iproute2', 'makes network namespaces and links', ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip']],
    ['nftables', 'publishes and balances traffic', ['/usr/sbin/nft', '/usr/bin/nft']],
  ],
  test: [
    ['docker.io', 'a Docker Engine and the docker CLI to test with', ['/usr/sbin/dockerd', '/usr/bin/dockerd']],
    ['busybox-static', 'content of the images that tests make', ['/bin/busybox', '/usr/bin/busybox']],
    ['zstd', 'makes layers that tests unpack', ['/usr/bin/zstd']],
  ],
};

/** The only npm packages whose install scripts may run; all others install as plain files. */
const mayRunScripts = [];

const purpose = process.argv[2] === '--for' ? process.argv[3] : undefined;
if (purpose !== 'start' && purpose !== 'test') fail('usage: setup.mjs --for start|test');
installNpmPackages();
await installSystemPackages([...packages.start, ...(purpose === 'test' ? packages.test : [])]);

function installNpmPackages() {
  const lock = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
  const mark = 'node_modules/.installed-lock';
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock && existsSync('node_modules/.bin/node')) return;
  say('installing npm packages');
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
  if (mayRunScripts.length > 0) run('npm', ['rebuild', '--ignore-scripts=false', ...mayRunScripts]);
  if (!existsSync('node_modules/.bin/node'))
    fail(`no build of Node 24 for ${process.platform} on ${process.arch}: Ruche runs on Linux, x64 and arm64`);
  writeFileSync(mark, lock);
}

async function installSystemPackages(wanted) {
  const missing = wanted.filter(([, , files]) => !files.some((file) => existsSync(file)));
  if (missing.length === 0) return;
  const names = missing.map(([name]) => name);
  const command = `apt-get install --no-install-recommends ${names.join(' ')}`;
  say('these packages of the system are missing:');
  for (const [name, why] of missing) say(`  ${name.padEnd(34)}${why}`);
  if (!existsSync('/usr/bin/apt-get')) fail('install them with your system’s package manager, then try again');
  if (process.getuid() !== 0) {
    if (purpose === 'test') return say(`tests that need them are left out. To run all: sudo ${command}`);
    fail(`install them, then try again: sudo ${command}`);
  }
  if (process.stdin.isTTY && process.stdout.isTTY) {
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    const answer = await terminal.question('Install them now? [Y/n] ');
    terminal.close();
    if (/^n/i.test(answer.trim())) fail(`left as it is. To install them: ${command}`);
  }
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['update', '-qq'], environment);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], environment);
}

function run(command, args, env = process.env) {
  const { status, error, signal } = spawnSync(command, args, { stdio: ['ignore', 2, 2], env });
  if (error !== undefined) fail(`${command} could not be started: ${error.message}`);
  if (status !== 0) fail(`${command} ${args[0]} ended with ${signal ?? `status ${status}`}`);
}

function say(text) {
  process.stderr.write(`ruche: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}
