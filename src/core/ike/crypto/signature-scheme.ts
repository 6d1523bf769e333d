/** AlgorithmIdentifiers of Digital Signature authentication (RFC 7427 §A, RFC 8420 §A). */
import { DerReader, derSequence, Tag, tryDer } from '../../pki/der.js';
import { fromDerSignature, verifyP256 } from '../../pki/ecdsa.js';
import { verifyEd25519 } from '../../pki/ed25519.js';
import { type HashFunction, sha2 } from '../../pki/hashes.js';
import { derNull, derOid, Oid } from '../../pki/object-identifiers.js';
import type { KeyType, PublicKey } from '../../pki/public-key.js';
import { verifyPkcs1 } from '../../pki/rsa.js';
import { type PssParameters, readPssParameters, verifyPss } from '../../pki/rsa-pss.js';

/** A way to sign: what kind of key it needs, its name for people, and how to verify. */
export interface SignatureScheme {
  readonly keyType: KeyType;
  readonly name: string;
  /** `key` must be of `keyType`, and an RSA key must have passed `rsaKeyProblem`. */
  verify(key: PublicKey, octets: Uint8Array, signature: Uint8Array): boolean;
}

const rsaOids: Readonly<Record<string, string>> = {
  SHA2_256: Oid.sha256WithRsa,
  SHA2_384: Oid.sha384WithRsa,
  SHA2_512: Oid.sha512WithRsa,
};

const ecdsaOids: Readonly<Record<string, string>> = {
  SHA2_256: Oid.ecdsaWithSha256,
  SHA2_384: Oid.ecdsaWithSha384,
  SHA2_512: Oid.ecdsaWithSha512,
};

/** The DER we send. RSA has NULL as parameters, the others have none. */
export function algorithmIdentifier(type: 'ed25519'): Uint8Array;
export function algorithmIdentifier(type: 'rsa' | 'ecdsa-p256', hash: HashFunction): Uint8Array;
export function algorithmIdentifier(type: KeyType, hash?: HashFunction): Uint8Array {
  if (type === 'ed25519') return derSequence(derOid(Oid.ed25519));
  const oid = (type === 'rsa' ? rsaOids : ecdsaOids)[hash?.name ?? ''];
  if (!oid) throw new Error(`no AlgorithmIdentifier for ${type} with ${hash?.name}`);
  return type === 'rsa' ? derSequence(derOid(oid), derNull()) : derSequence(derOid(oid));
}

/** The scheme a peer names; `undefined` for bad DER or one we do not take. */
export function readScheme(identifier: Uint8Array): SignatureScheme | undefined {
  return tryDer(() => {
    const outer = new DerReader(identifier, 'AlgorithmIdentifier');
    const fields = outer.sequence();
    outer.end();
    const oid = fields.oid();
    if (oid === Oid.rsassaPss) {
      const parameters = readPssParameters(fields);
      fields.end();
      return parameters && pss(parameters);
    }
    // RFC 8017 wants NULL with RSA, RFC 5758 none with ECDSA; readers take either.
    if (!fields.isAtEnd) fields.read(Tag.NULL);
    fields.end();
    if (oid === Oid.ed25519) return eddsa;
    const rsaHash = sha2.find((hash) => rsaOids[hash.name] === oid);
    if (rsaHash) return rsa(rsaHash);
    const ecdsaHash = sha2.find((hash) => ecdsaOids[hash.name] === oid);
    return ecdsaHash && ecdsa(ecdsaHash);
  });
}

const eddsa: SignatureScheme = {
  keyType: 'ed25519',
  name: 'ED25519',
  verify: (key, octets, signature) =>
    key.type === 'ed25519' && verifyEd25519(key.point, octets, signature),
};

const rsa = (hash: HashFunction): SignatureScheme => ({
  keyType: 'rsa',
  name: `RSA/${hash.name}`,
  verify: (key, octets, signature) =>
    key.type === 'rsa' && verifyPkcs1(key, hash, hash.compute(octets), signature),
});

const pss = (parameters: PssParameters): SignatureScheme => ({
  keyType: 'rsa',
  name: `RSA_PSS/${parameters.hash.name}`,
  verify: (key, octets, signature) =>
    key.type === 'rsa' && verifyPss(key, parameters, parameters.hash.compute(octets), signature),
});

const ecdsa = (hash: HashFunction): SignatureScheme => ({
  keyType: 'ecdsa-p256',
  name: `ECDSA_P256/${hash.name}`,
  verify(key, octets, signature) {
    const numbers = fromDerSignature(signature);
    return (
      key.type === 'ecdsa-p256' &&
      numbers !== undefined &&
      verifyP256(key.point, hash.compute(octets), numbers)
    );
  },
});
