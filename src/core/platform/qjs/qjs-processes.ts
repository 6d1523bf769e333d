/**
 * Child processes on QuickJS's `os.exec` and pipes. QuickJS closes every descriptor from 3 up in the
 * child, so none of ours leaks into it.
 */
import type { Guard } from '../guard.js';
import type { Child, ChildEvents, Processes, RunResult, Timers } from '../platform.js';
import { runToEnd } from '../run-to-end.js';
import { FD_LIMIT, os } from './engine.js';
import { QjsChild } from './qjs-child.js';

type Pipe = [readEnd: number, writeEnd: number];

/** Three pipes, or none and an `Error`. */
function openPipes(program: string): [Pipe, Pipe, Pipe] {
  const pipes: Pipe[] = [];
  while (pipes.length < 3) {
    const pipe = os.pipe();
    if (pipe) pipes.push(pipe);
    if (!pipe || Math.max(...pipe) >= FD_LIMIT) {
      for (const fd of pipes.flat()) os.close(fd);
      throw new Error(`${program}: can not be started: too many open files`);
    }
  }
  return pipes as [Pipe, Pipe, Pipe];
}

/** All children of the process: there is one SIGCHLD for all of them. */
const living = new Set<QjsChild>();

export class QjsProcesses implements Processes {
  readonly #guard: Guard;
  readonly #timers: Timers;

  constructor(guard: Guard, timers: Timers) {
    this.#guard = guard;
    this.#timers = timers;
    os.signal(os.SIGCHLD, () => {
      for (const child of [...living]) child.reap();
    });
    // A handler, not SIG_IGN: a child would inherit that. Writes to a dead child then give EPIPE.
    os.signal(os.SIGPIPE, () => undefined);
  }

  spawn = (argv: readonly string[], events: ChildEvents): Child => {
    const program = argv[0];
    if (!program) throw new Error('spawn: no program given');
    const [input, output, errors] = openPipes(program);
    const ours = { input: input[1], output: output[0], errors: errors[0] };
    let pid: number;
    try {
      pid = os.exec(argv, {
        block: false,
        usePath: true,
        stdin: input[0],
        stdout: output[1],
        stderr: errors[1],
      });
    } catch (error) {
      for (const fd of Object.values(ours)) os.close(fd);
      throw new Error(`${program}: can not be started: ${error}`);
    } finally {
      for (const fd of [input[0], output[1], errors[1]]) os.close(fd);
    }
    const child = new QjsChild(pid, ours, events, this.#guard, this.#timers, () =>
      living.delete(child),
    );
    living.add(child);
    return child;
  };

  async run(argv: readonly string[], input?: Uint8Array): Promise<RunResult> {
    return runToEnd(this.spawn, argv, input);
  }
}
