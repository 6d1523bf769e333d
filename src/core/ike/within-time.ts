/** A time limit on a promise. */
import type { Timers } from '../platform/platform.js';

/** The value, or `undefined` when it did not come in time. Rejects as the promise does. */
export function withinTime<T>(
  timers: Timers,
  limitMs: number,
  promise: Promise<T>,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = timers.after(limitMs, () => resolve(undefined));
    promise.then(resolve, reject).finally(() => timer.cancel());
  });
}
