/**
 * Timers in the order of their deadlines on one timer of QuickJS, which by itself fires due timers
 * in the order of creation and always before input and output.
 */
import type { Guard } from '../guard.js';
import type { Timer, Timers } from '../platform.js';
import { TimerQueue } from '../timer-queue.js';
import { os } from './engine.js';

export class QjsTimers implements Timers {
  readonly #queue = new TimerQueue();
  readonly #guard: Guard;
  #armed: { deadlineMs: number; handle: number } | undefined;
  /** Timers due at this moment still have to run, one per turn of the loop. */
  #batchMs: number | undefined;

  constructor(guard: Guard) {
    this.#guard = guard;
  }

  after(delayMs: number, run: () => void): Timer {
    const timer = this.#queue.add(os.now() + Math.max(0, delayMs), run);
    this.#arm();
    return {
      cancel: () => {
        timer.cancel();
        this.#arm();
      },
    };
  }

  /** Makes the engine's timer fit the queue. Without timers there is none, so the script may end. */
  #arm(): void {
    if (this.#batchMs !== undefined) return;
    const deadlineMs = this.#queue.nextDeadlineMs();
    if (deadlineMs === this.#armed?.deadlineMs) return;
    if (this.#armed) os.clearTimeout(this.#armed.handle);
    this.#armed = undefined;
    // at least 1 ms: a timer that sets itself again with 0 must not keep input and output waiting
    if (deadlineMs !== undefined)
      this.#start(deadlineMs, Math.max(1, Math.ceil(deadlineMs - os.now())));
  }

  #start(deadlineMs: number, delayMs: number): void {
    this.#armed = { deadlineMs, handle: os.setTimeout(() => this.#fire(), delayMs) };
  }

  /** Runs one due timer; promises settle before the next one, as everywhere else. */
  #fire(): void {
    this.#armed = undefined;
    this.#batchMs ??= os.now();
    const run = this.#queue.takeDue(this.#batchMs);
    if (run) this.#guard(run);
    const next = this.#queue.nextDeadlineMs();
    if (next !== undefined && next <= this.#batchMs) {
      this.#start(next, 0);
      return;
    }
    this.#batchMs = undefined;
    this.#arm();
  }
}
