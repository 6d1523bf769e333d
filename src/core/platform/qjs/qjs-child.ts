/**
 * One child process. Its end is reported after all of its output:
 *
 *     running ──(exit seen)──> exited ──(both outputs ended, or are read empty)──> reported
 *
 * The exit is seen by SIGCHLD, or by polling once both outputs ended (a signal that comes just
 * before QuickJS goes to sleep is noticed late). A grandchild may keep the outputs open for ever;
 * they are then closed once what the child itself had written is read.
 */
import type { Guard } from '../guard.js';
import type { Child, ChildEvents, ExitStatus, Timers } from '../platform.js';
import { os } from './engine.js';
import { afterReady, PipeReader, PipeWriter } from './pipe-end.js';

const FIRST_POLL_MS = 1;
const SLOWEST_POLL_MS = 1000;
/** Until the next try, when there is no descriptor left to look with. */
const NO_DESCRIPTOR_MS = 100;
/**
 * Reads after the exit that surely give all the child had written: a pipe holds 16 pages of memory,
 * and one read takes at least a page. What a grandchild goes on writing has no claim to be read.
 */
const MOST_READS = 16;
const SIGKILL = 9;

/** Decodes wait(2)'s status for an ended process. */
export const exitStatus = (raw: number): ExitStatus =>
  (raw & 0x7f) === 0 ? (raw >> 8) & 0xff : -(raw & 0x7f);

export class QjsChild implements Child {
  readonly #writer: PipeWriter;
  readonly #readers: readonly PipeReader[];
  #status: ExitStatus | undefined;
  #isReported = false;

  constructor(
    readonly pid: number,
    fds: { input: number; output: number; errors: number },
    private readonly events: ChildEvents,
    private readonly guard: Guard,
    private readonly timers: Timers,
    private readonly gone: () => void,
  ) {
    const ended = () => this.#outputEnded();
    this.#writer = new PipeWriter(fds.input);
    this.#readers = [
      new PipeReader(fds.output, guard, (bytes) => this.events.output?.(bytes), ended),
      new PipeReader(fds.errors, guard, (bytes) => this.events.errorOutput?.(bytes), ended),
    ];
  }

  get pendingBytes(): number {
    return this.#writer.pendingBytes;
  }

  write(bytes: Uint8Array): void {
    this.#writer.write(bytes);
  }

  closeInput(): void {
    this.#writer.finish();
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    // once reaped, the number may belong to another process
    if (this.#status === undefined) os.kill(this.pid, signal === 'SIGTERM' ? os.SIGTERM : SIGKILL);
  }

  /** Asks the kernel whether the process ended. */
  reap(): void {
    if (this.#status !== undefined) return;
    const [pid, raw] = os.waitpid(this.pid, os.WNOHANG);
    if (pid === 0) return;
    this.#status = pid === this.pid ? exitStatus(raw) : 127;
    this.#writer.stop();
    if (this.#outputsOpen()) this.#reportWhenRead();
    else this.#report();
  }

  #outputsOpen(): boolean {
    return this.#readers.some((reader) => reader.isOpen);
  }

  #outputEnded(): void {
    if (this.#outputsOpen()) return;
    if (this.#status === undefined) this.#pollExit(FIRST_POLL_MS);
    else this.#report();
  }

  #pollExit(delayMs: number): void {
    this.reap();
    if (this.#status === undefined)
      this.timers.after(delayMs, () => this.#pollExit(Math.min(2 * delayMs, SLOWEST_POLL_MS)));
  }

  /**
   * All the child wrote is in the pipes by now. Time would be no measure: QuickJS runs due timers
   * before it reads, so on a busy loop any time passes with the output still unread.
   */
  #reportWhenRead(looks = MOST_READS): void {
    if (this.#isReported) return;
    const pieces = this.#pieces();
    const isWaiting = afterReady(() => {
      if (pieces === this.#pieces() || looks === 0) this.#report();
      else this.#reportWhenRead(looks - 1);
    });
    if (!isWaiting) this.timers.after(NO_DESCRIPTOR_MS, () => this.#reportWhenRead(looks));
  }

  #pieces(): number {
    return this.#readers.reduce((sum, reader) => sum + reader.pieces, 0);
  }

  #report(): void {
    if (this.#isReported) return;
    this.#isReported = true;
    for (const reader of this.#readers) reader.stop();
    this.gone();
    this.guard(() => this.events.exit?.(this.#status ?? 127));
  }
}
