/**
 * AUTH by a secret (RFC 7296 §2.15): prf(prf(secret, "Key Pad for IKEv2"), octets). NULL
 * authentication is the same with SK_pi or SK_pr as the secret (RFC 7619 §2.1).
 */
import { utf8 } from '../../bytes/text.js';
import type { Prf } from './prf.js';

const KEY_PAD = utf8('Key Pad for IKEv2');

/** Authentication Data of methods 2 and 13. */
export const sharedKeyMac = (prf: Prf, secret: Uint8Array, octets: Uint8Array): Uint8Array =>
  prf.compute(prf.compute(secret, KEY_PAD), octets);
