/** ECDSA on P-256 (FIPS 186-5, RFC 4754), signatures as r | s or as DER (RFC 3279 §2.2.3). */
import '../bytes/engine-fixes.js';
import { p256 } from '@noble/curves/nist.js';
import { concat } from '../bytes/bytes.js';
import { DerReader, derSequence, derUnsigned, tryDer } from './der.js';

const LENGTH = 32;

// The table of multiples of the base point is made at first use. Windows of 4 bits instead of the
// library's 6: 14 ms and 0.6 MB instead of 30 ms and 1.5 MB under qjs on a PC, for a tenth slower signing.
p256.Point.BASE.precompute(4);

/** x | y of the public point of a secret key. Throws when the secret is not in 1..n-1. */
export const p256Point = (secret: Uint8Array): Uint8Array =>
  p256.getPublicKey(secret, false).slice(1);

/** A secret key, uniform in 1..n-1; the chance of a second round is 2^-32. */
export function p256Secret(random: (length: number) => Uint8Array): Uint8Array {
  for (;;) {
    const secret = random(LENGTH);
    if (p256.utils.isValidSecretKey(secret)) return secret;
  }
}

/** r | s, 64 bytes. The nonce is RFC 6979's with random input, so that it repeats never. */
export const signP256 = (
  secret: Uint8Array,
  digest: Uint8Array,
  random: (length: number) => Uint8Array,
): Uint8Array =>
  p256.sign(digest, secret, {
    prehash: false,
    lowS: false,
    format: 'compact',
    extraEntropy: random(LENGTH),
  });

/** Verifies r | s. `point` is x | y; a point that is not on the curve verifies nothing. */
export function verifyP256(point: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
  if (point.length !== 2 * LENGTH || signature.length !== 2 * LENGTH) return false;
  try {
    // lowS is a rule of other protocols; X9.62 signers give any s.
    const options = { prehash: false, lowS: false, format: 'compact' } as const;
    return p256.verify(signature, digest, concat(Uint8Array.of(4), point), options);
  } catch {
    return false;
  }
}

/** Ecdsa-Sig-Value of r | s. */
export const toDerSignature = (signature: Uint8Array): Uint8Array =>
  derSequence(derUnsigned(signature.subarray(0, LENGTH)), derUnsigned(signature.subarray(LENGTH)));

/** r | s of an Ecdsa-Sig-Value; `undefined` when it is none, or a number is too great. */
export function fromDerSignature(bytes: Uint8Array): Uint8Array | undefined {
  return tryDer(() => {
    const outer = new DerReader(bytes, 'ECDSA signature');
    const fields = outer.sequence();
    outer.end();
    const numbers = [fields.unsigned(), fields.unsigned()];
    fields.end();
    if (numbers.some((number) => number.length > LENGTH)) return undefined;
    return concat(...numbers.flatMap((number) => [new Uint8Array(LENGTH - number.length), number]));
  });
}
