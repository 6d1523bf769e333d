// Programs in network namespaces: run one to its end, or start one and end it later by its pid.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** Milliseconds between the polite and the final signal: a daemon takes seconds on an emulated, busy machine. */
const patienceMs = 30_000;

/** Words that run `argv` in the namespace; without a namespace, right here. `ip netns` execs it. */
function inNamespace(namespace, argv) {
  return namespace === undefined ? argv : ['ip', 'netns', 'exec', namespace, ...argv];
}

export class Machine {
  #children = new Set();

  /** `folder`: for logs of what is started. `env`: added to the environment of everything. */
  constructor(folder, env = {}) {
    this.folder = folder;
    this.env = { ...process.env, ...env };
    mkdirSync(folder, { recursive: true });
  }

  /** Runs to the end; gives status, stdout and stderr. `options`: input, timeoutMs, env. */
  exec(namespace, argv, options = {}) {
    const [command, ...args] = inNamespace(namespace, argv.map(String));
    return new Promise((resolve, reject) => {
      const child = spawn(command, args, {
        env: { ...this.env, ...options.env },
        stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
        timeout: options.timeoutMs ?? 60_000,
        killSignal: 'SIGKILL',
      });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text) => {
        stdout += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text) => {
        stderr += text;
      });
      child.stdin?.on('error', () => {}).end(options.input);
      child.once('error', reject);
      child.once('close', (code, signal) =>
        resolve({ status: code ?? `ended by ${signal}`, stdout, stderr }),
      );
    });
  }

  /** As exec, gives stdout; throws with what the program said unless its status is 0. */
  async run(namespace, argv, options) {
    const { status, stdout, stderr } = await this.exec(namespace, argv, options);
    if (status === 0) return stdout;
    const where = namespace === undefined ? '' : ` in ${namespace}`;
    throw new Error(`${argv.join(' ')}${where}: status ${status}: ${(stderr || stdout).trim()}`);
  }

  /** Starts a program that stays; its output goes to a log file. `name` is for the log. */
  start(namespace, name, argv, options = {}) {
    const logFile = path.join(this.folder, `${name}.log`);
    const log = openSync(logFile, 'a');
    const [command, ...args] = inNamespace(namespace, argv.map(String));
    const child = spawn(command, args, {
      env: { ...this.env, ...options.env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    const started = new StartedProgram(name, child, logFile);
    this.#children.add(started);
    started.ended.then(() => this.#children.delete(started));
    return started;
  }

  /** Ends all that was started here and still runs. */
  async stopAll() {
    await Promise.all([...this.#children].map((child) => child.stop()));
  }
}

class StartedProgram {
  constructor(name, child, logFile) {
    this.name = name;
    this.logFile = logFile;
    // an earlier program of that name wrote to the same file
    this.logStart = statSync(logFile).size;
    this.pid = child.pid;
    this.child = child;
    this.status = undefined;
    this.ended = new Promise((resolve) => {
      child.once('error', () => resolve(127));
      child.once('exit', (code, signal) => resolve(code ?? signal));
    }).then((status) => {
      this.status = status;
      return status;
    });
  }

  /** What it said so far. */
  log() {
    return readFileSync(this.logFile).subarray(this.logStart).toString();
  }

  /** Waits until its log has `pattern`; throws when it ends before, or after `timeoutMs`. */
  async says(pattern, timeoutMs = 20_000) {
    const end = Date.now() + timeoutMs;
    while (!pattern.test(this.log())) {
      if (this.status !== undefined || Date.now() > end) {
        const what = this.status === undefined ? 'is still silent' : `ended with ${this.status}`;
        throw new Error(`${this.name} ${what}; no ${pattern} in its log:\n${this.log()}`);
      }
      await sleep(20);
    }
  }

  /** Gives its exit status. A program that does not end on `signal` is killed. */
  async stop(signal = 'SIGTERM') {
    if (this.status !== undefined) return this.status;
    this.child.kill(signal);
    const killer = setTimeout(() => this.child.kill('SIGKILL'), patienceMs);
    const status = await this.ended;
    clearTimeout(killer);
    return status;
  }
}

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks `question` every 50 ms until its answer is truthy; gives that, or the last one when late. */
export async function eventually(question, timeoutMs = 10_000) {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await question();
    if (answer || Date.now() > end) return answer;
    await sleep(50);
  }
}
