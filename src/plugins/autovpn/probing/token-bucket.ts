/** A limit per second that lets a short burst pass. */
import type { Clock } from '../../../core/platform/platform.js';

export class TokenBucket {
  #tokens: number;
  #atMs: number;

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly perSecond: number,
  ) {
    this.#tokens = perSecond;
    this.#atMs = clock.monotonicMs();
  }

  take(): boolean {
    const now = this.clock.monotonicMs();
    const gained = ((now - this.#atMs) / 1000) * this.perSecond;
    this.#tokens = Math.min(this.perSecond, this.#tokens + gained);
    this.#atMs = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
