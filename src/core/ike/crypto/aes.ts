/**
 * AES, loaded at first use. When it loads, the library computes tables of 1.3 MB, which is a third of
 * the time and a seventh of the memory of a start, and two of us with each other never need them.
 */
import type * as Modes from './aes-modes.js';

/** The bundler makes this a call that evaluates the module, once, within the same script. */
declare function require(file: './aes-modes.js'): typeof Modes;

/** RFC 5282 */
export const gcm = (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array) =>
  require('./aes-modes.js').gcm(key, nonce, aad);

/** RFC 3602; padding is the caller's. */
export const cbc = (key: Uint8Array, iv: Uint8Array) =>
  require('./aes-modes.js').cbc(key, iv, { disablePadding: true });
