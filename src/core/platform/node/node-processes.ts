/** Child processes under Node, for tests. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import os from 'node:os';
import type { Guard } from '../guard.js';
import type { Child, ChildEvents, ExitStatus, Processes, RunResult } from '../platform.js';
import { runToEnd } from '../run-to-end.js';

const exitStatus = (code: number | null, signal: NodeJS.Signals | null): ExitStatus =>
  code ?? -(os.constants.signals[signal ?? 'SIGKILL'] ?? 0);

class NodeChild implements Child {
  readonly pid: number;

  constructor(private readonly process: ChildProcessWithoutNullStreams) {
    this.pid = process.pid ?? 0;
  }

  get pendingBytes(): number {
    return this.process.stdin.writableLength;
  }

  write(bytes: Uint8Array): void {
    if (this.process.stdin.writable) this.process.stdin.write(bytes.slice());
  }

  closeInput(): void {
    this.process.stdin.end();
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.process.kill(signal);
  }
}

export class NodeProcesses implements Processes {
  constructor(private readonly guard: Guard) {}

  spawn = (argv: readonly string[], events: ChildEvents): Child => {
    const [program, ...args] = argv;
    if (!program) throw new Error('spawn: no program given');
    const process = spawn(program, args);
    const { guard } = this;
    process.stdin.on('error', () => undefined); // EPIPE: the child reads no more
    process.stdout.on('data', (bytes: Buffer) => {
      guard(() => events.output?.(new Uint8Array(bytes)));
    });
    process.stderr.on('data', (bytes: Buffer) => {
      guard(() => events.errorOutput?.(new Uint8Array(bytes)));
    });
    let isReported = false;
    const report = (status: ExitStatus) => {
      if (!isReported) guard(() => events.exit?.(status));
      isReported = true;
    };
    process.on('error', () => report(127)); // as a shell and QuickJS say "not found"
    process.on('close', (code, signal) => report(exitStatus(code, signal)));
    return new NodeChild(process);
  };

  async run(argv: readonly string[], input?: Uint8Array): Promise<RunResult> {
    return runToEnd(this.spawn, argv, input);
  }
}
