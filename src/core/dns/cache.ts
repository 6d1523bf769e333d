/** A map whose entries end by themselves, and which drops what was longest unused when it is full. */
import type { Clock } from '../platform/platform.js';

interface Entry<T> {
  value: T;
  endsMs: number;
  bytes: number;
}

export class Cache<T> {
  /** In the order of use: the first entry is the one longest unused. */
  readonly #entries = new Map<string, Entry<T>>();
  #bytes = 0;

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly maxEntries: number,
    private readonly maxBytes: number,
  ) {}

  get size(): number {
    return this.#entries.size;
  }

  /** The value and how long it still holds; `undefined` when it is unknown or has ended. */
  get(key: string): { value: T; leftMs: number } | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const leftMs = entry.endsMs - this.clock.monotonicMs();
    this.#entries.delete(key);
    if (leftMs <= 0) {
      this.#bytes -= entry.bytes;
      return undefined;
    }
    this.#entries.set(key, entry);
    return { value: entry.value, leftMs };
  }

  /** `bytes`: about what the entry takes. One larger than the whole cache is not kept. */
  set(key: string, value: T, lifeMs: number, bytes: number): void {
    this.delete(key);
    if (bytes > this.maxBytes) return;
    this.#entries.set(key, { value, endsMs: this.clock.monotonicMs() + lifeMs, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.maxEntries && this.#bytes <= this.maxBytes) break;
      this.delete(oldest);
    }
  }

  /** Keys that start with `prefix`, ended or not. */
  keysFrom(prefix: string): string[] {
    return [...this.#entries.keys()].filter((key) => key.startsWith(prefix));
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}
