/** Key Exchange payload, RFC 7296 §3.4. */
import { reserved, rest, struct, u16 } from '../../bytes/struct.js';

export const ke = struct('KE', {
  group: u16,
  reserved: reserved(2),
  data: rest,
});
