/** The platform under Node, for tests and tools on a developer's machine. */
import { randomBytes } from 'node:crypto';
import process from 'node:process';
import { BrokerSockets, brokerPath } from '../broker/broker-sockets.js';
import { createGuard } from '../guard.js';
import type { LogSink, Platform, Timers } from '../platform.js';
import { NodeFiles } from './node-files.js';
import { NodeProcesses } from './node-processes.js';

const log: LogSink = {
  write(level, line) {
    const stream = level === 'info' || level === 'debug' ? process.stdout : process.stderr;
    stream.write(`${line}\n`);
  },
};

export function createNodePlatform(): Platform {
  const guard = createGuard(log);
  const random = (length: number) => new Uint8Array(randomBytes(length));
  const timers: Timers = {
    after(delayMs, run) {
      const timer = setTimeout(() => guard(run), delayMs);
      return { cancel: () => clearTimeout(timer) };
    },
  };
  const environment = (name: string) => process.env[name];
  const processes = new NodeProcesses(guard);
  return {
    clock: { monotonicMs: () => performance.now(), wallSeconds: () => Date.now() / 1000 },
    timers,
    files: new NodeFiles(random),
    processes,
    sockets: new BrokerSockets(processes, brokerPath(environment), guard),
    log,
    random,
    onSignal: (name, run) => void process.on(name, () => guard(run)),
    argv: process.argv.slice(2),
    environment,
    pid: process.pid,
    print: (text) => void process.stdout.write(text),
    exit: (status) => process.exit(status),
    isBigEndian: new Uint8Array(new Uint16Array([1]).buffer)[0] === 0,
  };
}
