/** A time limit on a promise. */
import type { Timers } from '../platform/platform.js';

/** The value, or `undefined` when it did not come in time or the promise was rejected. */
export function withinTime<T>(
  timers: Timers,
  limitMs: number,
  promise: Promise<T>,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = timers.after(limitMs, () => resolve(undefined));
    const end = (value: T | undefined) => {
      timer.cancel();
      resolve(value);
    };
    promise.then(end, () => end(undefined));
  });
}
