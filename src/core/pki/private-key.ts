/** Our private keys: values only. Reading and writing is `pkcs8.ts`, making is `generate-key.ts`. */

import { minimalBytes } from './big-integer.js';
import type { EcdsaType, PublicKey } from './public-key.js';

export type PrivateKey =
  | {
      type: 'rsa';
      modulus: bigint;
      exponent: bigint;
      privateExponent: bigint;
      /** p and q; p is the greater by custom, but need not be. */
      prime1: bigint;
      prime2: bigint;
      /** d mod (p-1), d mod (q-1), q^-1 mod p. */
      exponent1: bigint;
      exponent2: bigint;
      coefficient: bigint;
    }
  /** `secret`: big-endian, 32 or 48 bytes; `point`: x | y, twice as many. */
  | { type: EcdsaType; secret: Uint8Array; point: Uint8Array }
  /** `secret`: the 32 bytes that RFC 8032 calls the private key. */
  | { type: 'ed25519'; secret: Uint8Array; point: Uint8Array };

export type RsaPrivateKey = Extract<PrivateKey, { type: 'rsa' }>;

export const rsaPublicKey = (key: RsaPrivateKey): Extract<PublicKey, { type: 'rsa' }> => ({
  type: 'rsa',
  modulus: minimalBytes(key.modulus),
  exponent: minimalBytes(key.exponent),
});

export const publicKeyOf = (key: PrivateKey): PublicKey =>
  key.type === 'rsa' ? rsaPublicKey(key) : { type: key.type, point: key.point };
