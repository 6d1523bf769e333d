/** Authentication payload, RFC 7296 §3.8. */
import { reserved, rest, struct, u8 } from '../../bytes/struct.js';

export const auth = struct('AUTH', {
  method: u8,
  reserved: reserved(3),
  data: rest,
});
