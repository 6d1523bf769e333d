/**
 * Costly work, one piece for each turn of the event loop. A key exchange takes a slow router a tenth of
 * a second; with sixteen of them in one read, nothing else would be heard for as long as all take.
 */
import type { Timer, Timers } from '../platform/platform.js';

export class Turns {
  readonly #waiting: (() => void)[] = [];
  /** Runs while a turn is taken. */
  #timer: Timer | undefined;

  constructor(
    private readonly timers: Timers,
    private readonly limit: number,
  ) {}

  /** What a peer sends is not taken in then. */
  get isFull(): boolean {
    return this.#waiting.length >= this.limit;
  }

  /** At once when nothing was done in this turn, else behind what waits already. */
  run(work: () => void): void {
    if (this.#timer) this.#waiting.push(work);
    else this.#take(work);
  }

  /** Forgets what waits. */
  stop(): void {
    this.#timer?.cancel();
    this.#waiting.length = 0;
  }

  #take(work: () => void): void {
    this.#timer = this.timers.after(0, () => this.#next());
    work();
  }

  #next(): void {
    this.#timer = undefined;
    const work = this.#waiting.shift();
    if (work) this.#take(work);
  }
}
