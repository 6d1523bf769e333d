/**
 * Public keys of peers, independent of where they were found: in a KEY record, an IPSECKEY record, a
 * TXT record or a certificate.
 */
import { toHex } from '../bytes/hex.js';

export type KeyType = 'rsa' | 'ecdsa-p256' | 'ed25519';

export type PublicKey =
  /** `modulus` and `exponent` as big-endian bytes without leading zeros. */
  | { type: 'rsa'; modulus: Uint8Array; exponent: Uint8Array }
  /** 64 bytes: x and y, big-endian (RFC 6605 §4 layout, also IPSECKEY algorithm 3). */
  | { type: 'ecdsa-p256'; point: Uint8Array }
  /** 32 bytes (RFC 8032). */
  | { type: 'ed25519'; point: Uint8Array };

/** Two keys are the same key when these strings are equal. */
export const keyId = (key: PublicKey): string =>
  key.type === 'rsa'
    ? `rsa:${toHex(key.exponent)}:${toHex(key.modulus)}`
    : `${key.type}:${toHex(key.point)}`;
