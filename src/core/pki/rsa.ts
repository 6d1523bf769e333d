/**
 * RSA signatures, RSASSA-PKCS1-v1_5 (RFC 8017 §8.2). The primitives are our own around BigInt:
 * micro-rsa-dsa-dh keeps no primes, so it can not use the Chinese remainder theorem (a third of the
 * time here), takes no other padding of a recovered signature than one hash's at a time, and
 * brings SHA-3 along.
 */
import '../bytes/engine-fixes.js';
import { pow } from '@noble/curves/abstract/modular.js';
import { concat, equal } from '../bytes/bytes.js';
import { bitLength, bytesToInteger, integerToBytes, modPow } from './big-integer.js';
import { der, derSequence, Tag } from './der.js';
import type { HashFunction } from './hashes.js';
import { derNull, derOid } from './object-identifiers.js';
import type { RsaPrivateKey } from './private-key.js';
import type { PublicKey } from './public-key.js';
import { nextBlinding } from './rsa-blinding.js';

export type RsaPublicKey = Extract<PublicKey, { type: 'rsa' }>;

/** SP-18: RSA keys between 2048 and 8192 bits. */
export const MIN_RSA_BITS = 2048;
export const MAX_RSA_BITS = 8192;

/** Above it a stranger's key could make us compute for long: 33 squarings are the most. */
const MAX_EXPONENT = 1n << 32n;

/**
 * What speaks against using a key, for people; `undefined` when nothing does. `leastBits` is for
 * those with another policy (DNSSEC); no key above 8192 bits is ever used.
 */
export function rsaKeyProblem(key: RsaPublicKey, leastBits = MIN_RSA_BITS): string | undefined {
  // Before any big number is made of it.
  if (key.modulus.length > MAX_RSA_BITS / 8 || key.exponent.length > 8)
    return `RSA modulus of ${key.modulus.length} bytes, exponent of ${key.exponent.length}`;
  const modulus = bytesToInteger(key.modulus);
  const bits = bitLength(modulus);
  if (bits < leastBits) return `RSA modulus has ${bits} bits, must have ${leastBits} to 8192`;
  const exponent = bytesToInteger(key.exponent);
  if (exponent < 3n || exponent > MAX_EXPONENT || exponent % 2n === 0n)
    return `RSA exponent ${exponent} is not odd and 3 to 2^32`;
  return modulus % 2n === 0n ? 'RSA modulus is even' : undefined;
}

/** EMSA-PKCS1-v1_5 (RFC 8017 §9.2), `length` bytes; `undefined` where these are too few. */
export function encodePkcs1(
  hash: HashFunction,
  digest: Uint8Array,
  length: number,
): Uint8Array | undefined {
  const digestInfo = derSequence(
    derSequence(derOid(hash.oid), derNull()),
    der(Tag.OCTET_STRING, digest),
  );
  const fill = length - digestInfo.length - 3;
  if (fill < 8) return undefined;
  return concat(Uint8Array.of(0, 1), new Uint8Array(fill).fill(0xff), Uint8Array.of(0), digestInfo);
}

/**
 * RSAVP1: the padded message a signature was made of, as long as the modulus. `undefined` when the
 * signature has another length or value range. The key must have passed `rsaKeyProblem`.
 */
export function recoverPadded(key: RsaPublicKey, signature: Uint8Array): Uint8Array | undefined {
  const modulus = bytesToInteger(key.modulus);
  const length = Math.ceil(bitLength(modulus) / 8);
  const s = bytesToInteger(signature);
  if (signature.length !== length || s >= modulus) return undefined;
  return integerToBytes(pow(s, bytesToInteger(key.exponent), modulus), length);
}

/** True when `signature` is over this digest. The key must have passed `rsaKeyProblem`. */
export function verifyPkcs1(
  key: RsaPublicKey,
  hash: HashFunction,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const padded = recoverPadded(key, signature);
  // RFC 8017 §8.2.2: compare encodings whole, so that no parser can be fooled.
  const wanted = padded && encodePkcs1(hash, digest, padded.length);
  return padded !== undefined && wanted !== undefined && equal(padded, wanted);
}

/** Signs a digest. Throws when the arithmetic went wrong: such a result would give p away. */
export function signPkcs1(
  key: RsaPrivateKey,
  hash: HashFunction,
  digest: Uint8Array,
  random: (length: number) => Uint8Array,
): Uint8Array {
  const length = Math.ceil(bitLength(key.modulus) / 8);
  const padded = encodePkcs1(hash, digest, length);
  if (!padded) throw new Error(`RSA: a key of ${length} bytes is too short for ${hash.name}`);
  return signPadded(key, padded, random);
}

/** RSASP1 of a padded message. Throws when the arithmetic went wrong. */
export function signPadded(
  key: RsaPrivateKey,
  padded: Uint8Array,
  random: (length: number) => Uint8Array,
): Uint8Array {
  const length = Math.ceil(bitLength(key.modulus) / 8);
  const message = bytesToInteger(padded);
  const { blind, unblind } = nextBlinding(key, random);
  const blinded = (message * blind) % key.modulus;
  const signature = (privateOperation(key, blinded) * unblind) % key.modulus;
  if (pow(signature, key.exponent, key.modulus) !== message)
    throw new Error('RSA: signature does not verify, not given out');
  return integerToBytes(signature, length);
}

/** RSASP1 by the Chinese remainder theorem (RFC 8017 §5.2.1). */
function privateOperation(key: RsaPrivateKey, message: bigint): bigint {
  const { prime1: p, prime2: q } = key;
  const s1 = modPow(message, key.exponent1, p);
  const s2 = modPow(message, key.exponent2, q);
  const h = ((((s1 - s2) % p) + p) * key.coefficient) % p;
  return s2 + q * h;
}
