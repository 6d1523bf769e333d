/** SubjectPublicKeyInfo (RFC 5280 §4.1, RFC 5480, RFC 8410): public keys as other programs take them. */
import { concat } from '../bytes/bytes.js';
import { DerError, DerReader, derBits, derSequence, derUnsigned, Tag } from './der.js';
import { ecdsaLength } from './ecdsa.js';
import { derNull, derOid, dottedOid, Oid } from './object-identifiers.js';
import { toPem } from './pem.js';
import type { EcdsaType, PublicKey } from './public-key.js';

export const ecdsaTypes = ['ecdsa-p256', 'ecdsa-p384'] as const;

/** RFC 5480 §2.1.1.1 */
export const curveOids: Readonly<Record<EcdsaType, string>> = {
  'ecdsa-p256': Oid.prime256v1,
  'ecdsa-p384': Oid.secp384r1,
};

/** SubjectPublicKeyInfo in DER. */
export function encodeSpki(key: PublicKey): Uint8Array {
  switch (key.type) {
    case 'rsa': {
      const content = derSequence(derUnsigned(key.modulus), derUnsigned(key.exponent));
      return derSequence(derSequence(derOid(Oid.rsaEncryption), derNull()), derBits(content));
    }
    case 'ecdsa-p256':
    case 'ecdsa-p384': {
      const algorithm = derSequence(derOid(Oid.ecPublicKey), derOid(curveOids[key.type]));
      return derSequence(algorithm, derBits(concat(Uint8Array.of(4), key.point)));
    }
    case 'ed25519':
      return derSequence(derSequence(derOid(Oid.ed25519)), derBits(key.point));
  }
}

/**
 * The key of a SubjectPublicKeyInfo. Throws `DerError` on bad DER, a curve point that is not written
 * in full, and kinds of keys that we do not use.
 */
export function readSpki(bytes: Uint8Array): PublicKey {
  const outer = new DerReader(bytes, 'SubjectPublicKeyInfo');
  const fields = outer.sequence();
  outer.end();
  const algorithm = fields.sequence();
  const oid = algorithm.oid();
  const key = fields.bits();
  fields.end();
  if (oid === Oid.ed25519 && algorithm.isAtEnd && key.length === 32)
    return { type: 'ed25519', point: key.slice() };
  if (oid === Oid.rsaEncryption) return readRsa(key);
  const curve =
    oid === Oid.ecPublicKey && algorithm.isNext(Tag.OBJECT_IDENTIFIER) && algorithm.oid();
  const type = ecdsaTypes.find((one) => curveOids[one] === curve);
  if (!type || key[0] !== 4 || key.length !== 1 + 2 * ecdsaLength(type))
    throw new DerError(
      `SubjectPublicKeyInfo: a key of algorithm ${dottedOid(oid)} is not supported`,
    );
  return { type, point: key.slice(1) };
}

/** RSAPublicKey (RFC 8017 §A.1.1). */
function readRsa(bytes: Uint8Array): PublicKey {
  const outer = new DerReader(bytes, 'RSA public key');
  const fields = outer.sequence();
  outer.end();
  const [modulus, exponent] = [fields.unsigned().slice(), fields.unsigned().slice()];
  fields.end();
  return { type: 'rsa', modulus, exponent };
}

/** `-----BEGIN PUBLIC KEY-----` … as strongSwan and openssl read it. */
export const publicKeyToPem = (key: PublicKey): string => toPem('PUBLIC KEY', encodeSpki(key));
