/**
 * Public keys of peers, independent of where they were found: in a KEY record, an IPSECKEY record, a
 * TXT record or a certificate.
 */
import { toHex } from '../bytes/hex.js';

export type EcdsaType = 'ecdsa-p256' | 'ecdsa-p384';
export type KeyType = 'rsa' | EcdsaType | 'ed25519';

/** x and y, big-endian, 32 or 48 bytes each (RFC 6605 §4 layout, also IPSECKEY algorithm 3). */
export interface EcdsaPublicKey {
  type: EcdsaType;
  point: Uint8Array;
}

export type PublicKey =
  /** `modulus` and `exponent` as big-endian bytes without leading zeros. */
  | { type: 'rsa'; modulus: Uint8Array; exponent: Uint8Array }
  | EcdsaPublicKey
  /** 32 bytes (RFC 8032). */
  | { type: 'ed25519'; point: Uint8Array };

/** Two keys are the same key when these strings are equal. */
export const keyId = (key: PublicKey): string =>
  key.type === 'rsa'
    ? `rsa:${toHex(key.exponent)}:${toHex(key.modulus)}`
    : `${key.type}:${toHex(key.point)}`;

export const isEcdsa = <T extends { type: KeyType }>(
  key: T,
): key is Extract<T, { type: EcdsaType }> => key.type.startsWith('ecdsa');
