/** Private keys as files: PKCS#8 without encryption (RFC 5208, 5958) in PEM, as openssl writes it. */
import { equal } from '../bytes/bytes.js';
import { bytesToInteger, minimalBytes } from './big-integer.js';
import {
  contextTag,
  DerError,
  DerReader,
  der,
  derBits,
  derSequence,
  derUnsigned,
  Tag,
} from './der.js';
import { ecdsaLength, ecdsaPoint } from './ecdsa.js';
import { ed25519Point } from './ed25519.js';
import { derNull, derOid, Oid } from './object-identifiers.js';
import { fromPem, toPem } from './pem.js';
import { type PrivateKey, type RsaPrivateKey, rsaPublicKey } from './private-key.js';
import type { EcdsaType } from './public-key.js';
import { rsaKeyProblem } from './rsa.js';
import { curveOids, ecdsaTypes } from './subject-public-key-info.js';

/** A key that can not be used; the message says why and, where there is one, what helps. */
export class KeyError extends Error {}

const LABEL = 'PRIVATE KEY';

export const privateKeyToPem = (key: PrivateKey): string => toPem(LABEL, encodePkcs8(key));

/** Reads what `openssl genpkey` or we wrote. Throws `KeyError`. */
export function privateKeyFromPem(text: string): PrivateKey {
  const block = fromPem(text);
  if (!block) throw new KeyError('no PEM block in it');
  if (block.label === 'ENCRYPTED PRIVATE KEY')
    throw new KeyError('the key is encrypted; take the passphrase off with "openssl pkey"');
  if (block.label !== LABEL)
    throw new KeyError(`a PEM block "${block.label}", must be "${LABEL}" (see "openssl pkcs8")`);
  try {
    return decodePkcs8(block.content);
  } catch (error) {
    if (error instanceof DerError) throw new KeyError(error.message);
    throw error;
  }
}

/** PrivateKeyInfo in DER. */
export function encodePkcs8(key: PrivateKey): Uint8Array {
  const zero = derUnsigned(Uint8Array.of(0));
  const [algorithm, content] = encoders(key);
  return derSequence(zero, derSequence(...algorithm), der(Tag.OCTET_STRING, content));
}

/** AlgorithmIdentifier's fields, and the key in its own format. */
function encoders(key: PrivateKey): [Uint8Array[], Uint8Array] {
  switch (key.type) {
    case 'rsa':
      return [[derOid(Oid.rsaEncryption), derNull()], encodeRsa(key)];
    case 'ecdsa-p256':
    case 'ecdsa-p384':
      return [
        [derOid(Oid.ecPublicKey), derOid(curveOids[key.type])],
        encodeEc(key.secret, key.point),
      ];
    case 'ed25519': // RFC 8410 §7
      return [[derOid(Oid.ed25519)], der(Tag.OCTET_STRING, key.secret)];
  }
}

/** RSAPrivateKey (RFC 8017 §A.1.2), version 0: two primes. */
const encodeRsa = (key: RsaPrivateKey): Uint8Array =>
  derSequence(
    ...[
      0n,
      key.modulus,
      key.exponent,
      key.privateExponent,
      key.prime1,
      key.prime2,
      key.exponent1,
      key.exponent2,
      key.coefficient,
    ].map((value) => derUnsigned(minimalBytes(value))),
  );

/** ECPrivateKey (RFC 5915), version 1, with the public key. */
const encodeEc = (secret: Uint8Array, point: Uint8Array): Uint8Array =>
  derSequence(
    derUnsigned(Uint8Array.of(1)),
    der(Tag.OCTET_STRING, secret),
    der(contextTag(1), derBits(Uint8Array.of(4, ...point))),
  );

/** Throws `DerError` or `KeyError`. */
export function decodePkcs8(bytes: Uint8Array): PrivateKey {
  const outer = new DerReader(bytes, 'PKCS#8');
  const fields = outer.sequence();
  outer.end();
  // Version 1 (RFC 5958) may add a public key after what we read.
  if (fields.smallUnsigned() > 1) throw new KeyError('a version of PKCS#8 that is not known');
  const algorithm = fields.sequence();
  const content = fields.read(Tag.OCTET_STRING);
  const oid = algorithm.oid();
  if (oid === Oid.rsaEncryption) return decodeRsa(content);
  if (oid === Oid.ed25519) return decodeEd25519(content);
  if (oid !== Oid.ecPublicKey) throw new KeyError(`key algorithm ${oid} is not supported`);
  const curve = algorithm.oid();
  const type = ecdsaTypes.find((one) => curveOids[one] === curve);
  if (!type) throw new KeyError(`curve ${curve} is neither P-256 nor P-384`);
  return decodeEc(type, content);
}

function decodeRsa(bytes: Uint8Array): PrivateKey {
  const fields = new DerReader(bytes, 'RSA private key').sequence();
  if (fields.smallUnsigned() !== 0) throw new KeyError('RSA key of more than two primes');
  const next = () => bytesToInteger(fields.unsigned());
  const key: RsaPrivateKey = {
    type: 'rsa',
    modulus: next(),
    exponent: next(),
    privateExponent: next(),
    prime1: next(),
    prime2: next(),
    exponent1: next(),
    exponent2: next(),
    coefficient: next(),
  };
  fields.end();
  const problem = rsaKeyProblem(rsaPublicKey(key)) ?? inconsistency(key);
  if (problem) throw new KeyError(problem);
  return key;
}

/** A wrong CRT value would be found at the first signature only; here it has a name. */
function inconsistency(key: RsaPrivateKey): string | undefined {
  const { prime1: p, prime2: q, exponent: e } = key;
  if (p < 2n || q < 2n || p * q !== key.modulus) return 'RSA primes do not make the modulus';
  const isWhole =
    (e * key.exponent1) % (p - 1n) === 1n &&
    (e * key.exponent2) % (q - 1n) === 1n &&
    (q * key.coefficient) % p === 1n;
  return isWhole ? undefined : 'RSA exponents or coefficient do not fit the primes';
}

function decodeEd25519(bytes: Uint8Array): PrivateKey {
  const secret = new DerReader(bytes, 'Ed25519 private key').read(Tag.OCTET_STRING).slice();
  if (secret.length !== 32) throw new KeyError(`Ed25519 key of ${secret.length} bytes, needs 32`);
  return { type: 'ed25519', secret, point: ed25519Point(secret) };
}

function decodeEc(type: EcdsaType, bytes: Uint8Array): PrivateKey {
  const fields = new DerReader(bytes, 'EC private key').sequence();
  if (fields.smallUnsigned() !== 1) throw new KeyError('a version of EC key that is not known');
  const secret = fields.read(Tag.OCTET_STRING).slice();
  const length = ecdsaLength(type);
  if (secret.length !== length)
    throw new KeyError(`${type} key of ${secret.length} bytes, needs ${length}`);
  if (fields.isNext(contextTag(0))) fields.read(contextTag(0));
  let point: Uint8Array;
  try {
    point = ecdsaPoint(type, secret);
  } catch {
    throw new KeyError(`${type} key is not in 1..n-1`);
  }
  if (fields.isNext(contextTag(1))) {
    const written = fields.within(contextTag(1)).bits();
    if (!equal(written, Uint8Array.of(4, ...point)))
      throw new KeyError(`${type} public key in the file does not belong to the private key`);
  }
  return { type, secret, point };
}
