/** Private keys for tests, of fixed value. */
import { ecdsaLength, ecdsaPoint } from '../../src/core/pki/ecdsa.js';
import { ed25519Point } from '../../src/core/pki/ed25519.js';
import { privateKeyFromPem } from '../../src/core/pki/pkcs8.js';
import type { PrivateKey } from '../../src/core/pki/private-key.js';
import type { EcdsaType } from '../../src/core/pki/public-key.js';
import { rsa2048Pem } from '../unit/pki/vectors/openssl-keys.js';

const ed25519Keys = new Map<number, PrivateKey>();

/** `number` names the key: equal numbers, equal keys. */
export function ed25519Key(number: number): PrivateKey {
  const made = ed25519Keys.get(number);
  if (made) return made;
  const secret = new Uint8Array(32).fill(number);
  const key: PrivateKey = { type: 'ed25519', secret, point: ed25519Point(secret) };
  ed25519Keys.set(number, key);
  return key;
}

export function ecdsaKey(number: number, type: EcdsaType = 'ecdsa-p256'): PrivateKey {
  const secret = new Uint8Array(ecdsaLength(type)).fill(number);
  return { type, secret, point: ecdsaPoint(type, secret) };
}

/** 2048 bits, made by OpenSSL. */
export const rsaKey = (): PrivateKey => privateKeyFromPem(rsa2048Pem);
