/** Stand-in for `src/core/pki/nist-curves.ts`, as far as it is used. */
import { concat, equal } from '../../../src/core/bytes/bytes.js';
import { toyPublic, toyShared, toySignature } from './toy.js';

/** `length`: bytes of a coordinate. */
function curve(length: number) {
  const point = (secret: Uint8Array) => concat(Uint8Array.of(4), toyPublic(secret, 2 * length));
  return {
    signing: {
      utils: { isValidSecretKey: (secret: Uint8Array) => secret.some((byte) => byte !== 0) },
      getPublicKey: point,
      sign: (digest: Uint8Array, secret: Uint8Array) =>
        toySignature(point(secret), digest, 2 * length),
      verify: (signature: Uint8Array, digest: Uint8Array, key: Uint8Array) =>
        equal(signature, toySignature(key, digest, 2 * length)),
    },
    ephemeral: {
      getSharedSecret: (secret: Uint8Array, peer: Uint8Array) =>
        toyShared(secret, peer.subarray(1)).subarray(0, 1 + length),
    },
  };
}

export const p256 = curve(32);
export const p384 = curve(48);
