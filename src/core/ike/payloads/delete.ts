/** Delete payload, RFC 7296 §3.11. `spis` is empty for the IKE SA itself. */
import { countOf, equalItems, sizeOfEach, struct, u8, u16 } from '../../bytes/struct.js';

/** One peer has far fewer Child SAs with us. */
const MAX_SPIS = 256;

export const del = struct('delete', {
  protocol: u8,
  spiSize: sizeOfEach('spis', u8),
  spiCount: countOf('spis', u16),
  spis: equalItems('spiSize', 'spiCount', MAX_SPIS),
});
