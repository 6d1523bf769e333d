/** Nonce payload, RFC 7296 §3.9: 16 to 256 bytes. */
import { restOf, struct } from '../../bytes/struct.js';

export const nonce = struct('Nonce', { data: restOf(16, 256) });
