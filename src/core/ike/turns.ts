/**
 * Costly work, one piece for each turn of the event loop. A key exchange takes a slow router a tenth of
 * a second; with sixteen of them in one read, nothing else would be heard for as long as all take.
 * Peers that are proven, and answers to our own calls, go before strangers.
 */
import type { Timer, Timers } from '../platform/platform.js';

/** In the order in which they are served. */
export const ranks = ['peer', 'stranger'] as const;
export type Rank = (typeof ranks)[number];

export class Turns {
  readonly #waiting: Record<Rank, (() => void)[]> = { peer: [], stranger: [] };
  /** Runs while a turn is taken. */
  #timer: Timer | undefined;

  constructor(
    private readonly timers: Timers,
    private readonly limits: Readonly<Record<Rank, number>>,
  ) {}

  /** What such a one sends is not taken in then. */
  isFull(rank: Rank): boolean {
    return this.#waiting[rank].length >= this.limits[rank];
  }

  /** At once when nothing was done in this turn, else behind what waits already. */
  run(rank: Rank, work: () => void): void {
    if (this.#timer) this.#waiting[rank].push(work);
    else this.#take(work);
  }

  /** Forgets what waits. */
  stop(): void {
    this.#timer?.cancel();
    for (const rank of ranks) this.#waiting[rank].length = 0;
  }

  #take(work: () => void): void {
    this.#timer = this.timers.after(0, () => this.#next());
    work();
  }

  #next(): void {
    this.#timer = undefined;
    const rank = ranks.find((each) => this.#waiting[each].length > 0);
    const work = rank && this.#waiting[rank].shift();
    if (work) this.#take(work);
  }
}
