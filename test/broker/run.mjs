// Tests of the socket broker: `node test/broker/run.mjs [variant …] [part of a name …]`.
// Prints `ok NAME`, `not ok NAME` or `skip NAME # reason` per test. Loopback only, and where the
// kernel allows it in a network namespace of its own, which the fuzzer needs.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBroker, hasProgram, variants } from '../tools/broker.mjs';
import { Broker } from './client.mjs';
import * as datagrams from './datagrams.mjs';
import * as fuzz from './fuzz.mjs';
import * as life from './life.mjs';
import * as pressure from './pressure.mjs';
import * as protocol from './protocol.mjs';
import * as streams from './streams.mjs';
import { Skip } from './support.mjs';

const self = fileURLToPath(import.meta.url);
const isolated = process.env.AUTOIPSEC_BROKER_NAMESPACE === '1';
const timeoutMs = 60_000;

const setUp = [
  'ip link set lo up',
  'ip -6 address add fd00::9/128 dev lo',
  'ip route add 198.51.100.0/24 dev lo', // answers nothing: not an address of ours
].join(' && ');

/** Runs this file again in a namespace of its own; false when that is not possible here. */
function runIsolated(args) {
  const inside = ['-rn', 'sh', '-c'];
  if (spawnSync('unshare', [...inside, setUp], { stdio: 'ignore' }).status !== 0) return false;
  const script = `${setUp} && exec "$@"`;
  const { status } = spawnSync(
    'unshare',
    [...inside, script, 'sh', process.execPath, self, ...args],
    { stdio: 'inherit', env: { ...process.env, AUTOIPSEC_BROKER_NAMESPACE: '1' } },
  );
  process.exitCode = status ?? 1;
  return true;
}

/** What one test gets, and how to clean up behind it. */
function makeContext(variant, command) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'autoipsec-broker-'));
  const brokers = [];
  const servers = [];
  /** Starts another broker, with `prefix` before its command line. */
  const start = (...prefix) => {
    const env = { ...process.env, ASAN_OPTIONS: 'exitcode=99', UBSAN_OPTIONS: 'exitcode=99' };
    brokers.push(new Broker([...prefix, ...command], { cwd: folder, env }));
    return brokers.at(-1);
  };
  /** A unix stream server of Node's at `socketPath`. */
  const serve = async (socketPath, onConnection) => {
    const connections = [];
    const server = net.createServer({ allowHalfOpen: true }, (connection) => {
      connections.push(connection);
      connection.on('error', () => undefined);
      onConnection(connection);
    });
    await new Promise((resolve) => server.listen(socketPath, resolve));
    servers.push({ server, connections });
    const ended = (c) => c.readableEnded || new Promise((resolve) => c.once('end', resolve));
    return { quiet: () => Promise.all(connections.map(ended)) };
  };
  let shared;
  const context = {
    variant,
    command,
    folder,
    isolated,
    isEmulated: variants[variant].emulator.length > 0,
    start,
    serve,
    skip(reason) {
      throw new Skip(reason);
    },
    /** The broker of this test. Started when first used, and must end well after it. */
    get broker() {
      shared ??= start();
      return shared;
    },
  };
  const finish = async () => {
    if (shared && !shared.mayEnd) await shared.finish();
  };
  const cleanUp = () => {
    for (const broker of brokers) broker.kill();
    for (const { server, connections } of servers) {
      server.close();
      for (const connection of connections) connection.destroy();
    }
    rmSync(folder, { recursive: true, force: true });
  };
  return { context, finish, cleanUp };
}

function withTimeout(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${timeoutMs} ms`)), timeoutMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function runTest(name, run, variant = 'host', command = []) {
  const { context, finish, cleanUp } = makeContext(variant, command);
  try {
    await withTimeout((async () => run(context))().then(finish));
    console.log(`ok ${name}`);
  } catch (error) {
    if (error instanceof Skip) {
      console.log(`skip ${name} # ${error.message}`);
    } else {
      process.exitCode = 1;
      console.log(`not ok ${name}`);
      console.log(`  ${(error.stack ?? String(error)).replaceAll('\n', '\n  ')}`);
    }
  } finally {
    cleanUp();
  }
}

const functional = [protocol, datagrams, streams, pressure, life].flatMap((part) => part.tests);

async function runVariant(variant, filters) {
  const { compiler, emulator } = variants[variant];
  const missing = [compiler, ...emulator].filter((program) => !hasProgram(program));
  if (missing.length > 0) {
    console.log(`skip broker ${variant}: all # ${missing.join(', ')} not installed`);
    return;
  }
  let command;
  await runTest(`broker ${variant}: builds without a warning`, () => {
    command = [...emulator, buildBroker(variant)];
  });
  if (!command) return;
  const tests = variant === 'sanitized' ? [...functional, ...fuzz.tests] : functional;
  for (const [title, run] of tests) {
    const name = `broker ${variant}: ${title}`;
    if (filters.length === 0 || filters.some((part) => name.includes(part))) {
      await runTest(name, run, variant, command);
    }
  }
}

const args = process.argv.slice(2);
if (isolated || !runIsolated(args)) {
  const chosen = args.filter((arg) => arg in variants);
  const filters = args.filter((arg) => !(arg in variants));
  const order = chosen.length > 0 ? chosen : ['sanitized', 'host', 'mips', 'arm'];
  for (const variant of order) await runVariant(variant, filters);
  process.exit();
}
