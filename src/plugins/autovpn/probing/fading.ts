/** A bounded map whose entries go after some time: for what strangers can make us remember. */
import type { Clock } from '../../../core/platform/platform.js';

export class Fading<T> {
  readonly #entries = new Map<string, { value: T; untilMs: number }>();

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly most: number,
    private readonly lifetimeMs: number,
  ) {}

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    return entry && entry.untilMs > this.clock.monotonicMs() ? entry.value : undefined;
  }

  /** False when it is full of entries that still count. */
  add(key: string, value: T): boolean {
    const now = this.clock.monotonicMs();
    this.#entries.delete(key);
    // All live equally long, so the oldest is first
    for (const [old, { untilMs }] of this.#entries) {
      if (untilMs > now) break;
      this.#entries.delete(old);
    }
    if (this.#entries.size >= this.most) return false;
    this.#entries.set(key, { value, untilMs: now + this.lifetimeMs });
    return true;
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  get size(): number {
    return this.#entries.size;
  }

  entries(): [string, T][] {
    const now = this.clock.monotonicMs();
    return [...this.#entries].flatMap(([key, { value, untilMs }]) =>
      untilMs > now ? [[key, value] as [string, T]] : [],
    );
  }
}
