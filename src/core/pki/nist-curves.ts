/**
 * P-256 and P-384 of @noble/curves with a field that suits the engine. Parameters, formulas, ECDSA and
 * key exchange are the library's.
 */
import '../bytes/engine-fixes.js';
import { ecdh, ecdsa, weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { p256 as libraryP256, p384 as libraryP384 } from '@noble/curves/nist.js';
import { sha256, sha384 } from '@noble/hashes/sha2.js';
import { primeField } from './prime-field.js';

function withFastField({ Point }: typeof libraryP256, hash: typeof sha256 | typeof sha384) {
  const parameters = Point.CURVE();
  const Fp = primeField(parameters.p);
  const unavailable = () => {
    throw new Error('no random bytes: scalars are not blinded');
  };
  return {
    /** For the secrets of signing and of making key pairs: scalars are blinded. */
    signing: ecdsa(weierstrass(parameters, { Fp }), hash),
    /**
     * For the shared secret of an ephemeral key pair, by the library's constant-time multiplication
     * without its blinding, which is half as much work again: blinding is against those who watch one
     * secret at work many times, and this one works once. (X25519 of the library has none either.)
     */
    ephemeral: ecdh(weierstrass(parameters, { Fp, randomBytes: unavailable })),
  };
}

export const p256 = withFastField(libraryP256, sha256);
export const p384 = withFastField(libraryP384, sha384);

// The tables of multiples of the base point are made at first use. Windows of 4 bits instead of the
// library's 6: 14 ms instead of 33 ms under qjs on a PC for P-256, and less than half of the memory, for
// a signature that takes 0.7 ms longer.
p256.signing.Point.BASE.precompute(4);
// No table for P-384, which few peers want: it would take 21 ms under qjs on a PC at first use, and saves
// 4 ms each time.
p384.signing.Point.BASE.precompute(1);
