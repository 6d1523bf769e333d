/** Identification payloads IDi and IDr, RFC 7296 §3.5. `idType` and `data` make an `Identity`. */
import { reserved, rest, struct, u8 } from '../../bytes/struct.js';

export const id = struct('ID', {
  idType: u8,
  reserved: reserved(3),
  data: rest,
});
