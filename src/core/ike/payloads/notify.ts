/** Notify payload, RFC 7296 §3.10. `spi` is empty unless the notify is about an existing SA. */
import { bytes, lengthOf, rest, struct, u8, u16 } from '../../bytes/struct.js';

export const notify = struct('notify', {
  protocol: u8,
  spiSize: lengthOf('spi', u8),
  type: u16,
  spi: bytes('spiSize'),
  data: rest,
});
