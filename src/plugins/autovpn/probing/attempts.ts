/**
 * Which hosts outside were probed within 24 hours (§6, AV-A23): the limit that spares those who have no
 * gateway. Times are monotonic within a run; between runs the rest of the time is kept.
 */
import type { IpAddress } from '../../../core/net/address.js';
import type { Clock } from '../../../core/platform/platform.js';

/** Hosts remembered; above it nobody new is probed, for none may be forgotten. About 1 MB. */
export const mostAttempts = 10_000;

export interface SavedAttempt {
  key: string;
  leftSeconds: number;
}

export class ProbeAttempts {
  /** By host, or pair: monotonic milliseconds until the next attempt is allowed. */
  readonly #until = new Map<string, number>();

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    saved: readonly SavedAttempt[] = [],
  ) {
    for (const { key, leftSeconds } of saved.slice(0, mostAttempts))
      this.#until.set(key, clock.monotonicMs() + leftSeconds * 1000);
  }

  /** Notes an attempt, if it is allowed. */
  begin(key: string, intervalSeconds: number): boolean {
    const now = this.clock.monotonicMs();
    if ((this.#until.get(key) ?? 0) > now) return false;
    this.#until.delete(key);
    this.#makeRoom(now);
    if (this.#until.size >= mostAttempts) return false;
    this.#until.set(key, now + intervalSeconds * 1000);
    return true;
  }

  /** It led to a tunnel: another one is no retry. */
  succeeded(key: string): void {
    this.#until.delete(key);
  }

  get size(): number {
    return this.#until.size;
  }

  saved(): SavedAttempt[] {
    const now = this.clock.monotonicMs();
    return [...this.#until]
      .filter(([, until]) => until > now)
      .map(([key, until]) => ({ key, leftSeconds: Math.ceil((until - now) / 1000) }));
  }

  #makeRoom(now: number): void {
    if (this.#until.size < mostAttempts) return;
    for (const [key, until] of this.#until) if (until <= now) this.#until.delete(key);
  }
}

/** AV-A23: what "a peer" is. */
export const attemptKey = (by: 'h1' | 'h1-h2', h1: IpAddress, h2: IpAddress): string =>
  by === 'h1' ? h1 : `${h1} ${h2}`;
