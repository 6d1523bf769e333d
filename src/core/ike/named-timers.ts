/** Timers of one owner, by name: setting one again replaces it, and all end together. */
import type { Timer, Timers } from '../platform/platform.js';

export class NamedTimers {
  readonly #running = new Map<string, Timer>();

  constructor(private readonly timers: Timers) {}

  set(name: string, delayMs: number, run: () => void): void {
    this.cancel(name);
    const timer = this.timers.after(delayMs, () => {
      this.#running.delete(name);
      run();
    });
    this.#running.set(name, timer);
  }

  cancel(name: string): void {
    this.#running.get(name)?.cancel();
    this.#running.delete(name);
  }

  cancelAll(): void {
    for (const name of [...this.#running.keys()]) this.cancel(name);
  }
}
