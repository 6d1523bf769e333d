/** Private keys for tests, of fixed value. */
import '../../src/core/bytes/engine-fixes.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import type { PrivateKey } from '../../src/core/pki/private-key.js';

/** `number` names the key: equal numbers, equal keys. */
export function ed25519Key(number: number): PrivateKey {
  const secret = new Uint8Array(32).fill(number);
  return { type: 'ed25519', secret, point: ed25519.getPublicKey(secret) };
}

export function ecdsaKey(number: number): PrivateKey {
  const secret = new Uint8Array(32).fill(number);
  return { type: 'ecdsa-p256', secret, point: p256.getPublicKey(secret, false).slice(1) };
}
