/** Nonce payload, RFC 7296 §3.9: 16 to 256 bytes. */
import { restOf, struct } from '../../bytes/struct.js';

/** In bytes. */
export const NONCE_LENGTHS = { least: 16, most: 256 } as const;

export const nonce = struct('Nonce', { data: restOf(NONCE_LENGTHS.least, NONCE_LENGTHS.most) });
