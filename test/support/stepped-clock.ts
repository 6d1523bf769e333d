/**
 * Time that moves only when a test says so. `advance` runs the timers that become due, in order,
 * and lets every promise settle after each of them, as a real event loop would.
 */
import type { Clock, Timer, Timers } from '../../src/core/platform/platform.js';
import { TimerQueue } from '../../src/core/platform/timer-queue.js';

/** Lets all promise reactions run that can run now: one turn of the engine's event loop. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}

export class SteppedClock implements Clock, Timers {
  readonly #queue = new TimerQueue();
  readonly #startMs: number;
  readonly #startWallSeconds: number;
  #nowMs: number;

  /** The monotonic clock starts away from 0, so that code can not take 0 for "never" by luck. */
  constructor(startMs = 1000, startWallSeconds = 1_700_000_000) {
    this.#nowMs = startMs;
    this.#startMs = startMs;
    this.#startWallSeconds = startWallSeconds;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallSeconds(): number {
    return this.#startWallSeconds + (this.#nowMs - this.#startMs) / 1000;
  }

  after(delayMs: number, run: () => void): Timer {
    if (!(delayMs >= 0)) throw new Error(`timer: delay is ${delayMs} ms, must be 0 or more`);
    return this.#queue.add(this.#nowMs + delayMs, run);
  }

  /** Timers that have neither fired nor been cancelled: 0 after a clean stop. */
  get pendingTimers(): number {
    return this.#queue.size;
  }

  /** Milliseconds until the next timer; `undefined` when there is none. */
  get untilNextTimerMs(): number | undefined {
    const next = this.#queue.nextDeadlineMs();
    return next === undefined ? undefined : next - this.#nowMs;
  }

  /** Moves time forward, stopping at each timer on the way. `limit` catches endless timers. */
  async advance(ms: number, limit = 100_000): Promise<void> {
    const end = this.#nowMs + ms;
    await settle();
    for (let fired = 0; ; fired++) {
      const next = this.#queue.nextDeadlineMs();
      if (next === undefined || next > end) break;
      if (fired >= limit) throw new Error(`stepped clock: ${limit} timers fired within ${ms} ms`);
      this.#nowMs = Math.max(this.#nowMs, next);
      this.#queue.takeDue(this.#nowMs)?.();
      await settle();
    }
    this.#nowMs = end;
  }

  /** Advances in steps until `done()` holds; fails when it does not within `limitMs`. */
  async advanceUntil(done: () => boolean, limitMs = 600_000): Promise<void> {
    const end = this.#nowMs + limitMs;
    await settle();
    while (!done()) {
      const step = this.untilNextTimerMs;
      if (step === undefined || this.#nowMs + step > end)
        throw new Error(`stepped clock: not done within ${limitMs} ms`);
      await this.advance(step);
    }
  }
}
