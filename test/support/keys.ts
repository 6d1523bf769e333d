/** Private keys for tests, of fixed value. */
import { p256Point } from '../../src/core/pki/ecdsa.js';
import { ed25519Point } from '../../src/core/pki/ed25519.js';
import { privateKeyFromPem } from '../../src/core/pki/pkcs8.js';
import type { PrivateKey } from '../../src/core/pki/private-key.js';
import { rsa2048Pem } from '../unit/pki/vectors/openssl-keys.js';

/** `number` names the key: equal numbers, equal keys. */
export function ed25519Key(number: number): PrivateKey {
  const secret = new Uint8Array(32).fill(number);
  return { type: 'ed25519', secret, point: ed25519Point(secret) };
}

export function ecdsaKey(number: number): PrivateKey {
  const secret = new Uint8Array(32).fill(number);
  return { type: 'ecdsa-p256', secret, point: p256Point(secret) };
}

/** 2048 bits, made by OpenSSL. */
export const rsaKey = (): PrivateKey => privateKeyFromPem(rsa2048Pem);
