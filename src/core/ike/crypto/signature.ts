/**
 * Signatures in the AUTH payload: RSA (RFC 7296 §2.15), ECDSA-256 (RFC 4754) and Digital Signature
 * (RFC 7427, RFC 8420). The octets to sign come from `authOctets`.
 */
import { concat, equal } from '../../bytes/bytes.js';
import { signP256, toDerSignature, verifyP256 } from '../../pki/ecdsa.js';
import { signEd25519 } from '../../pki/ed25519.js';
import { type HashFunction, SHA1, SHA2_256, sha2 } from '../../pki/hashes.js';
import type { PrivateKey, RsaPrivateKey } from '../../pki/private-key.js';
import type { PublicKey } from '../../pki/public-key.js';
import { encodePkcs1, recoverPadded, rsaKeyProblem, signPkcs1 } from '../../pki/rsa.js';
import type { Random } from './dh.js';
import { algorithmIdentifier, readScheme } from './signature-scheme.js';

/** IANA "IKEv2 Authentication Method". */
export const AuthMethod = {
  RSA_DIGITAL_SIGNATURE: 1,
  SHARED_KEY_MIC: 2,
  ECDSA_SHA_256_P256: 9,
  NULL: 13,
  DIGITAL_SIGNATURE: 14,
} as const;

/** IANA "IKEv2 Hash Algorithms", as in the SIGNATURE_HASH_ALGORITHMS notify. */
export const HashAlgorithm = {
  SHA1: 1,
  SHA2_256: 2,
  SHA2_384: 3,
  SHA2_512: 4,
  IDENTITY: 5,
} as const;

/** What we announce in SIGNATURE_HASH_ALGORITHMS: all that `verifyAuth` takes with method 14. */
export const supportedHashes: readonly number[] = [
  HashAlgorithm.SHA2_256,
  HashAlgorithm.SHA2_384,
  HashAlgorithm.SHA2_512,
  HashAlgorithm.IDENTITY,
];

/** An AUTH payload: method and Authentication Data. */
export interface AuthValue {
  method: number;
  data: Uint8Array;
}

export type SignResult =
  | { ok: true; auth: AuthValue; name: string }
  /** Our kind of key has no signature that this peer announced. */
  | { ok: false; why: string };

export type VerifyResult =
  /** `name` of the signature scheme, for log and status. */
  { ok: true; name: string } | { ok: false; why: string };

/**
 * Signs with our key. `peerHashes`: content of the peer's SIGNATURE_HASH_ALGORITHMS; `undefined`
 * when it sent none, so that it knows only methods 1 and 9.
 */
export function signAuth(
  key: PrivateKey,
  octets: Uint8Array,
  peerHashes: readonly number[] | undefined,
  random: Random,
): SignResult {
  if (key.type === 'ed25519') return signWithEd25519(key.secret, octets, peerHashes ?? []);
  const hash = sha2.find((candidate) => peerHashes?.includes(candidate.id));
  return key.type === 'rsa'
    ? signWithRsa(key, octets, hash, random)
    : signWithP256(key.secret, octets, hash, random);
}

/** Authentication Data of method 14 (RFC 7427 §3): length, AlgorithmIdentifier, signature. */
function digitalSignature(identifier: Uint8Array, signature: Uint8Array, name: string): SignResult {
  const data = concat(Uint8Array.of(identifier.length), identifier, signature);
  return { ok: true, auth: { method: AuthMethod.DIGITAL_SIGNATURE, data }, name };
}

function signWithEd25519(
  secret: Uint8Array,
  octets: Uint8Array,
  peerHashes: readonly number[],
): SignResult {
  // RFC 8420 §2: only for a peer that announced the Identity hash.
  if (!peerHashes.includes(HashAlgorithm.IDENTITY))
    return { ok: false, why: 'our key is Ed25519, the peer did not announce the Identity hash' };
  const signature = signEd25519(secret, octets);
  return digitalSignature(algorithmIdentifier('ed25519'), signature, 'ED25519');
}

function signWithRsa(
  key: RsaPrivateKey,
  octets: Uint8Array,
  hash: HashFunction | undefined,
  random: Random,
): SignResult {
  const used = hash ?? SHA1;
  const signature = signPkcs1(key, used, used.compute(octets), random);
  const name = `RSA/${used.name}`;
  if (hash) return digitalSignature(algorithmIdentifier('rsa', hash), signature, name);
  // RFC 7296 §3.8: method 1 of a signer that knows nothing of the peer has to be SHA-1.
  const auth = { method: AuthMethod.RSA_DIGITAL_SIGNATURE, data: signature };
  return { ok: true, auth, name };
}

function signWithP256(
  secret: Uint8Array,
  octets: Uint8Array,
  hash: HashFunction | undefined,
  random: Random,
): SignResult {
  const used = hash ?? SHA2_256;
  const signature = signP256(secret, used.compute(octets), random);
  const name = `ECDSA_P256/${used.name}`;
  if (hash)
    return digitalSignature(
      algorithmIdentifier('ecdsa-p256', hash),
      toDerSignature(signature),
      name,
    );
  // RFC 4754 §7: r | s
  return { ok: true, auth: { method: AuthMethod.ECDSA_SHA_256_P256, data: signature }, name };
}

/** Verifies a peer's AUTH with one key. Never throws. */
export function verifyAuth(auth: AuthValue, key: PublicKey, octets: Uint8Array): VerifyResult {
  const problem = key.type === 'rsa' ? rsaKeyProblem(key) : undefined;
  if (problem) return { ok: false, why: problem };
  switch (auth.method) {
    case AuthMethod.RSA_DIGITAL_SIGNATURE:
      return verifyOldRsa(key, octets, auth.data);
    case AuthMethod.ECDSA_SHA_256_P256:
      return verifyOldP256(key, octets, auth.data);
    case AuthMethod.DIGITAL_SIGNATURE:
      return verifyDigitalSignature(key, octets, auth.data);
    default:
      return { ok: false, why: `authentication method ${auth.method} is not supported` };
  }
}

const verdict = (ok: boolean, name: string): VerifyResult =>
  ok ? { ok, name } : { ok, why: `${name} signature does not verify` };

const wrongKey = (name: string, key: PublicKey): VerifyResult => ({
  ok: false,
  why: `signature is ${name}, the key is ${key.type}`,
});

/** Method 1: SHA-1 by RFC 7296; some peers take SHA-2 (RFC 7296 §3.8 leaves the hash to them). */
function verifyOldRsa(key: PublicKey, octets: Uint8Array, signature: Uint8Array): VerifyResult {
  if (key.type !== 'rsa') return wrongKey('RSA', key);
  const padded = recoverPadded(key, signature);
  const hash = [SHA1, ...sha2].find((candidate) => {
    const wanted = padded && encodePkcs1(candidate, candidate.compute(octets), padded.length);
    return padded && wanted && equal(padded, wanted);
  });
  return verdict(hash !== undefined, hash ? `RSA/${hash.name}` : 'RSA');
}

function verifyOldP256(key: PublicKey, octets: Uint8Array, signature: Uint8Array): VerifyResult {
  if (key.type !== 'ecdsa-p256') return wrongKey('ECDSA', key);
  const isGood = verifyP256(key.point, SHA2_256.compute(octets), signature);
  return verdict(isGood, 'ECDSA_P256/SHA2_256');
}

function verifyDigitalSignature(
  key: PublicKey,
  octets: Uint8Array,
  data: Uint8Array,
): VerifyResult {
  const length = data[0] ?? 0;
  if (length === 0 || data.length < 1 + length)
    return { ok: false, why: `AlgorithmIdentifier needs ${length} bytes, ${data.length} in all` };
  const scheme = readScheme(data.subarray(1, 1 + length));
  if (!scheme) return { ok: false, why: 'AlgorithmIdentifier is malformed or not supported' };
  if (scheme.keyType !== key.type) return wrongKey(scheme.name, key);
  return verdict(scheme.verify(key, octets, data.subarray(1 + length)), scheme.name);
}
