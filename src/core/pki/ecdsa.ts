/**
 * ECDSA on P-256 and P-384 (FIPS 186-5, RFC 4754), signatures as r | s or as DER (RFC 3279 §2.2.3).
 */
import { concat } from '../bytes/bytes.js';
import { DerReader, derSequence, derUnsigned, tryDer } from './der.js';
import { p256, p384 } from './nist-curves.js';
import type { EcdsaPublicKey, EcdsaType } from './public-key.js';

const curves = { 'ecdsa-p256': p256.signing, 'ecdsa-p384': p384.signing };

/** Bytes of a coordinate, a secret, r and s. */
export const ecdsaLength = (type: EcdsaType): number => (type === 'ecdsa-p256' ? 32 : 48);

/** x | y of the public point of a secret key. Throws when the secret is not in 1..n-1. */
export const ecdsaPoint = (type: EcdsaType, secret: Uint8Array): Uint8Array =>
  curves[type].getPublicKey(secret, false).slice(1);

/** A secret key, uniform in 1..n-1; the chance of a second round is 2^-32. */
export function ecdsaSecret(type: EcdsaType, random: (length: number) => Uint8Array): Uint8Array {
  for (;;) {
    const secret = random(ecdsaLength(type));
    if (curves[type].utils.isValidSecretKey(secret)) return secret;
  }
}

/** r | s. The nonce is RFC 6979's with random input, so that it repeats never. */
export const signEcdsa = (
  key: { type: EcdsaType; secret: Uint8Array },
  digest: Uint8Array,
  random: (length: number) => Uint8Array,
): Uint8Array =>
  curves[key.type].sign(digest, key.secret, {
    prehash: false,
    lowS: false,
    format: 'compact',
    extraEntropy: random(ecdsaLength(key.type)),
  });

/** Verifies r | s. A point that is not on the curve verifies nothing. */
export function verifyEcdsa(
  { type, point }: EcdsaPublicKey,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const length = 2 * ecdsaLength(type);
  if (point.length !== length || signature.length !== length) return false;
  try {
    // lowS is a rule of other protocols; X9.62 signers give any s.
    const options = { prehash: false, lowS: false, format: 'compact' } as const;
    return curves[type].verify(signature, digest, concat(Uint8Array.of(4), point), options);
  } catch {
    return false;
  }
}

/** Ecdsa-Sig-Value of r | s. */
export function toDerSignature(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2;
  return derSequence(
    derUnsigned(signature.subarray(0, half)),
    derUnsigned(signature.subarray(half)),
  );
}

/**
 * r | s of an Ecdsa-Sig-Value, `length` bytes each; `undefined` when it is none, or a number is too
 * great.
 */
export function fromDerSignature(bytes: Uint8Array, length: number): Uint8Array | undefined {
  return tryDer(() => {
    const outer = new DerReader(bytes, 'ECDSA signature');
    const fields = outer.sequence();
    outer.end();
    const numbers = [fields.unsigned(), fields.unsigned()];
    fields.end();
    if (numbers.some((number) => number.length > length)) return undefined;
    return concat(...numbers.flatMap((number) => [new Uint8Array(length - number.length), number]));
  });
}
