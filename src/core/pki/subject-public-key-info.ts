/** SubjectPublicKeyInfo (RFC 5280 §4.1, RFC 5480, RFC 8410): public keys as other programs take them. */
import { concat } from '../bytes/bytes.js';
import { derBits, derSequence, derUnsigned } from './der.js';
import { derNull, derOid, Oid } from './object-identifiers.js';
import { toPem } from './pem.js';
import type { PublicKey } from './public-key.js';

/** SubjectPublicKeyInfo in DER. */
export function encodeSpki(key: PublicKey): Uint8Array {
  switch (key.type) {
    case 'rsa': {
      const content = derSequence(derUnsigned(key.modulus), derUnsigned(key.exponent));
      return derSequence(derSequence(derOid(Oid.rsaEncryption), derNull()), derBits(content));
    }
    case 'ecdsa-p256': {
      const algorithm = derSequence(derOid(Oid.ecPublicKey), derOid(Oid.prime256v1));
      return derSequence(algorithm, derBits(concat(Uint8Array.of(4), key.point)));
    }
    case 'ed25519':
      return derSequence(derSequence(derOid(Oid.ed25519)), derBits(key.point));
  }
}

/** `-----BEGIN PUBLIC KEY-----` … as strongSwan and openssl read it. */
export const publicKeyToPem = (key: PublicKey): string => toPem('PUBLIC KEY', encodeSpki(key));
