// Command line, and how the broker ends.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { hasProgram } from '../tools/broker.mjs';
import { sleep } from './support.mjs';

export const tests = [];
const test = (name, run) => tests.push([name, run]);

const usage = /^Usage: autoipsec-broker/;

test('--version, --help, unknown arguments', ({ command }) => {
  const run = (...args) =>
    spawnSync(command[0], [...command.slice(1), ...args], { encoding: 'utf8', input: '' });
  const version = run('--version');
  assert.deepEqual([version.status, version.stdout], [0, 'autoipsec-broker dev\n']);
  const help = run('--help');
  assert.equal(help.status, 0);
  assert.match(help.stdout, usage);
  for (const wrong of [run('--nonsense'), run('--version', 'x'), run('')]) {
    assert.deepEqual([wrong.status, wrong.stdout], [2, '']);
    assert.match(wrong.stderr, usage);
  }
});

test('a terminal as standard input', ({ command, skip }) => {
  if (!hasProgram('script')) skip('script(1) makes the terminal and is not there');
  const line = `${command.join(' ')} > /dev/null`;
  const { status, stdout } = spawnSync('script', ['-qec', line, '/dev/null'], {
    encoding: 'utf8',
    input: '',
  });
  assert.equal(status, 2);
  assert.match(stdout, usage);
});

test('ends when standard input ends', async ({ start }) => {
  const broker = start();
  await broker.bound('127.0.0.1');
  await broker.finish();
});

test('ends when nobody reads', async ({ start }) => {
  const broker = start();
  await broker.hello;
  broker.child.stdout.destroy();
  assert.equal((await broker.ended).status, 0);
});

const isAlive = (pid) =>
  existsSync(`/proc/${pid}/stat`) && !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));

test('ends when its parent is killed, though its pipes stay open', async ({ command, folder }) => {
  // The shell is the broker's parent. A pipe opened for reading and writing never ends, and Node
  // keeps the standard output of a child that has ended.
  const script = 'mkfifo pipe; "$@" 0<>pipe & echo $! >&2; wait';
  const parent = spawn('sh', ['-c', script, 'sh', ...command], { stdio: 'pipe', cwd: folder });
  const pid = Number(await new Promise((resolve) => parent.stderr.once('data', resolve)));
  await new Promise((resolve) => parent.stdout.once('data', resolve)); // HELLO: it is set up
  assert.ok(isAlive(pid));
  parent.kill('SIGKILL');
  for (let tries = 0; isAlive(pid) && tries < 100; tries++) await sleep(20);
  const outlived = isAlive(pid);
  if (outlived) process.kill(pid, 'SIGKILL');
  assert.ok(!outlived, 'the broker outlived its parent');
});

test('stays when Ctrl-C reaches it', async ({ broker }) => {
  await broker.hello;
  broker.child.kill('SIGINT');
  broker.child.kill('SIGHUP');
  await broker.bound('127.0.0.1');
});
