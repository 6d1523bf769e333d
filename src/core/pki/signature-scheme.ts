/**
 * Signature algorithms by their AlgorithmIdentifier: of Digital Signature authentication (RFC 7427
 * §A, RFC 8420 §A) and of certificates (RFC 4055, RFC 5758, RFC 8410), which are the same.
 */
import { DerReader, derSequence, Tag, tryDer } from './der.js';
import { ecdsaLength, fromDerSignature, signEcdsa, toDerSignature, verifyEcdsa } from './ecdsa.js';
import { signEd25519, verifyEd25519 } from './ed25519.js';
import { type HashFunction, SHA2_256, sha2 } from './hashes.js';
import { derNull, derOid, Oid } from './object-identifiers.js';
import type { PrivateKey } from './private-key.js';
import { isEcdsa, type KeyType, type PublicKey } from './public-key.js';
import { rsaKeyProblem, signPkcs1, verifyPkcs1 } from './rsa.js';
import { type PssParameters, readPssParameters, signPss, verifyPss, writePss } from './rsa-pss.js';

/** A way to sign: its name for people, and how to verify. */
export interface SignatureScheme {
  readonly name: string;
  /** The kind of key that it needs. */
  fits(key: { type: KeyType }): boolean;
  /** False also for a key of another kind, and for an RSA key that is too weak. */
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

/** How our own key signs. */
export interface SigningChoice {
  hash?: HashFunction;
  /** PKCS#1 v1.5 when absent. */
  rsaPadding?: 'pkcs1' | 'pss';
}

type Random = (length: number) => Uint8Array;

/** How our key signs, with the name and the DER of the algorithm. */
export interface Signer {
  readonly name: string;
  readonly identifier: Uint8Array;
  sign(octets: Uint8Array, random: Random): Uint8Array;
}

/** RSA has NULL as parameters of its identifier, the others have none. */
export function signerFor(
  key: PrivateKey,
  { hash = SHA2_256, rsaPadding = 'pkcs1' }: SigningChoice = {},
): Signer {
  if (key.type === 'ed25519')
    return {
      name: eddsa.name,
      identifier: derSequence(derOid(Oid.ed25519)),
      sign: (octets) => signEd25519(key.secret, octets),
    };
  if (isEcdsa(key))
    return {
      name: ecdsa(hash).name,
      identifier: derSequence(derOid(ecdsaOids[hash.name]!)),
      sign: (octets, random) => toDerSignature(signEcdsa(key, hash.compute(octets), random)),
    };
  if (rsaPadding === 'pss')
    return {
      name: `RSA_PSS/${hash.name}`,
      identifier: derSequence(derOid(Oid.rsassaPss), writePss(hash)),
      sign: (octets, random) => signPss(key, hash, hash.compute(octets), random),
    };
  return {
    name: rsa(hash).name,
    identifier: derSequence(derOid(rsaOids[hash.name]!), derNull()),
    sign: (octets, random) => signPkcs1(key, hash, hash.compute(octets), random),
  };
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
  name: 'ED25519',
  fits: ({ type }) => type === 'ed25519',
  verify: (key, octets, signature) =>
    key.type === 'ed25519' && verifyEd25519(key.point, octets, signature),
};

const rsa = (hash: HashFunction): SignatureScheme => ({
  name: `RSA/${hash.name}`,
  fits: ({ type }) => type === 'rsa',
  verify: (key, octets, signature) =>
    key.type === 'rsa' &&
    !rsaKeyProblem(key) &&
    verifyPkcs1(key, hash, hash.compute(octets), signature),
});

const pss = (parameters: PssParameters): SignatureScheme => ({
  name: `RSA_PSS/${parameters.hash.name}`,
  fits: ({ type }) => type === 'rsa',
  verify: (key, octets, signature) =>
    key.type === 'rsa' &&
    !rsaKeyProblem(key) &&
    verifyPss(key, parameters, parameters.hash.compute(octets), signature),
});

/** With any hash on any curve: RFC 7427 binds neither to the other. */
const ecdsa = (hash: HashFunction): SignatureScheme => ({
  name: `ECDSA/${hash.name}`,
  fits: isEcdsa,
  verify(key, octets, signature) {
    if (!isEcdsa(key)) return false;
    const numbers = fromDerSignature(signature, ecdsaLength(key.type));
    return numbers !== undefined && verifyEcdsa(key, hash.compute(octets), numbers);
  },
});
