/** Makers of `Read` values, for the readers of this room. */
import type { Read } from '../bytes/struct.js';

export const parsed = <T>(value: T): Read<T> => ({ ok: true, value });
export const refused = (error: string): Read<never> => ({ ok: false, error });
