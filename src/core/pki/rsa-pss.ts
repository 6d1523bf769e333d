/** RSASSA-PSS (RFC 8017 §8.1, §9.1), as RFC 7427 §A.4 and certificates use it. */
import { concat, equalConstantTime, uintBytes } from '../bytes/bytes.js';
import { bitLength, bytesToInteger } from './big-integer.js';
import { contextTag, type DerReader, der, derSequence, derUnsigned, Tag } from './der.js';
import { type HashFunction, sha2 } from './hashes.js';
import { derNull, derOid, Oid } from './object-identifiers.js';
import type { RsaPrivateKey } from './private-key.js';
import { type RsaPublicKey, recoverPadded, signPadded } from './rsa.js';

export interface PssParameters {
  hash: HashFunction;
  saltLength: number;
}

/**
 * RSASSA-PSS-params (RFC 4055 §3.1). `undefined` for a hash that we do not take (the default is
 * SHA-1) or a mask of another hash. Throws `DerError` on bad DER.
 */
export function readPssParameters(reader: DerReader): PssParameters | undefined {
  const fields = reader.sequence();
  if (!fields.isNext(contextTag(0))) return undefined;
  const hash = readHash(explicit(fields, 0));
  if (!fields.isNext(contextTag(1))) return undefined;
  const mask = explicit(fields, 1).sequence();
  if (mask.oid() !== Oid.mgf1) return undefined;
  const maskHash = readHash(mask);
  const saltLength = fields.isNext(contextTag(2)) ? explicit(fields, 2).smallUnsigned() : 20;
  const trailer = fields.isNext(contextTag(3)) ? explicit(fields, 3).smallUnsigned() : 1;
  fields.end();
  return hash && maskHash === hash && trailer === 1 ? { hash, saltLength } : undefined;
}

/** RSASSA-PSS-params with one hash for all and a salt as long as its output, as RFC 8247 §3.2 has it. */
export function writePss(hash: HashFunction): Uint8Array {
  const algorithm = derSequence(derOid(hash.oid), derNull());
  return derSequence(
    der(contextTag(0), algorithm),
    der(contextTag(1), derSequence(derOid(Oid.mgf1), algorithm)),
    der(contextTag(2), derUnsigned(Uint8Array.of(hash.outputLength))),
  );
}

const explicit = (fields: DerReader, number: number) => fields.within(contextTag(number));

/** AlgorithmIdentifier of a hash; NULL and absent parameters mean the same. */
function readHash(reader: DerReader): HashFunction | undefined {
  const fields = reader.sequence();
  const oid = fields.oid();
  if (!fields.isAtEnd) fields.read(Tag.NULL);
  fields.end();
  return sha2.find((hash) => hash.oid === oid);
}

/** MGF1 (RFC 8017 §B.2.1). */
function mask(hash: HashFunction, seed: Uint8Array, length: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(length / hash.outputLength) }, (_, i) =>
    hash.compute(concat(seed, uintBytes(i, 4))),
  );
  return concat(...blocks).slice(0, length);
}

/** Signs a digest with a fresh salt as long as it. Throws when the key is too short for that. */
export function signPss(
  key: RsaPrivateKey,
  hash: HashFunction,
  digest: Uint8Array,
  random: (length: number) => Uint8Array,
): Uint8Array {
  const salt = random(hash.outputLength);
  const bits = bitLength(key.modulus) - 1;
  const length = Math.ceil(bits / 8);
  const h = hash.compute(concat(new Uint8Array(8), digest, salt));
  const zeros = length - 2 * hash.outputLength - 2;
  if (zeros < 0) throw new Error(`RSA: a key of ${bits + 1} bits is too short for ${hash.name}`);
  const db = concat(new Uint8Array(zeros), Uint8Array.of(1), salt);
  const masked = mask(hash, h, db.length).map((byte, i) => byte ^ db[i]!);
  masked[0]! &= 0xff >> (8 * length - bits);
  return signPadded(key, concat(masked, h, Uint8Array.of(0xbc)), random);
}

/** True when `signature` is over this digest. The key must have passed `rsaKeyProblem`. */
export function verifyPss(
  key: RsaPublicKey,
  { hash, saltLength }: PssParameters,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const recovered = recoverPadded(key, signature);
  if (!recovered) return false;
  const bits = bitLength(bytesToInteger(key.modulus)) - 1;
  const length = Math.ceil(bits / 8);
  const dbLength = length - hash.outputLength - 1;
  const zeros = dbLength - saltLength - 1;
  // A modulus of 8n+1 bits leaves one byte more than the encoding has.
  const encoded = recovered.subarray(recovered.length - length);
  if (zeros < 0 || encoded[length - 1] !== 0xbc) return false;
  if (recovered.length > length && recovered[0] !== 0) return false;
  const unusedBits = 8 * length - bits;
  if (encoded[0]! >> (8 - unusedBits) !== 0) return false;
  const h = encoded.subarray(dbLength, length - 1);
  const db = mask(hash, h, dbLength).map((byte, i) => byte ^ encoded[i]!);
  db[0]! &= 0xff >> unusedBits;
  if (db.subarray(0, zeros).some((byte) => byte !== 0) || db[zeros] !== 1) return false;
  const salt = db.subarray(zeros + 1);
  return equalConstantTime(h, hash.compute(concat(new Uint8Array(8), digest, salt)));
}
