/** The platform of the router: stock QuickJS, and the socket broker as its child. */
import { BrokerSockets, brokerPath } from '../broker/broker-sockets.js';
import { createGuard } from '../guard.js';
import type { LogSink, Platform, SignalName } from '../platform.js';
import { os, std } from './engine.js';
import { QjsFiles } from './qjs-files.js';
import { QjsProcesses } from './qjs-processes.js';
import { random } from './qjs-random.js';
import { QjsTimers } from './qjs-timers.js';

/** `os` has no SIGHUP; it is 1 on every Linux. */
const signalNumbers: Record<SignalName, number> = {
  SIGHUP: 1,
  SIGINT: os.SIGINT,
  SIGTERM: os.SIGTERM,
  SIGUSR1: os.SIGUSR1,
};

function print(text: string): void {
  std.out.puts(text);
  std.out.flush();
}

/** procd logs standard output as info and standard error as error. */
const log: LogSink = {
  write(level, line) {
    if (level === 'info' || level === 'debug') print(`${line}\n`);
    else {
      std.err.puts(`${line}\n`);
      std.err.flush();
    }
  },
};

/** Call it once. */
export function createQjsPlatform(): Platform {
  const guard = createGuard(log);
  const timers = new QjsTimers(guard);
  const processes = new QjsProcesses(guard, timers);
  const environment = (name: string) => std.getenv(name);
  return {
    clock: { monotonicMs: () => os.now(), wallSeconds: () => Date.now() / 1000 },
    timers,
    files: new QjsFiles(random),
    processes,
    sockets: new BrokerSockets(processes, brokerPath(environment), guard),
    log,
    random,
    onSignal: (name, run) => os.signal(signalNumbers[name], () => guard(run)),
    argv: scriptArgs.slice(1),
    environment,
    pid: os.getpid(),
    print,
    exit: (status) => std.exit(status),
    isBigEndian: new Uint8Array(new Uint16Array([1]).buffer)[0] === 0,
  };
}
