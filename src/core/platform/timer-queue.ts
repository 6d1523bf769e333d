/**
 * One-shot timers in the order of their deadlines; equal deadlines fire in the order they were set.
 * QuickJS fires due timers in the order of creation, whatever their deadlines, so the daemon keeps
 * its own order. The queue knows no clock: its owner says what time it is.
 */
import type { Timer } from './platform.js';

interface Entry {
  deadlineMs: number;
  run: () => void;
}

export class TimerQueue {
  /** Sorted by deadline, latest first: the next to fire is at the end. */
  readonly #entries: Entry[] = [];

  /** Adds a timer. A cancelled one is gone from the queue at once. */
  add(deadlineMs: number, run: () => void): Timer {
    const entry: Entry = { deadlineMs, run };
    this.#entries.splice(this.#placeOf(deadlineMs), 0, entry);
    return { cancel: () => this.#remove(entry) };
  }

  /** When the next timer is due; `undefined` when there is none. */
  nextDeadlineMs(): number | undefined {
    return this.#entries.at(-1)?.deadlineMs;
  }

  /** Takes out the next timer that is due at `nowMs`; its owner runs it. */
  takeDue(nowMs: number): (() => void) | undefined {
    const next = this.#entries.at(-1);
    if (!next || next.deadlineMs > nowMs) return undefined;
    this.#entries.pop();
    return next.run;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** First index whose deadline is not later than `deadlineMs`. */
  #placeOf(deadlineMs: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#entries[middle]!.deadlineMs > deadlineMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #remove(entry: Entry): void {
    const at = this.#entries.indexOf(entry, this.#placeOf(entry.deadlineMs));
    if (at >= 0) this.#entries.splice(at, 1);
  }
}
