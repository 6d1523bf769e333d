/**
 * Signatures in the AUTH payload: RSA (RFC 7296 §2.15), ECDSA-256 and -384 (RFC 4754) and Digital Signature
 * (RFC 7427, RFC 8420). The octets to sign come from `authOctets`.
 */
import { concat, equal } from '../../bytes/bytes.js';
import { signEcdsa, verifyEcdsa } from '../../pki/ecdsa.js';
import { SHA1, SHA2_256, SHA2_384, SHA2_512, sha2 } from '../../pki/hashes.js';
import type { PrivateKey } from '../../pki/private-key.js';
import { type EcdsaType, isEcdsa, type PublicKey } from '../../pki/public-key.js';
import { encodePkcs1, recoverPadded, rsaKeyProblem, signPkcs1 } from '../../pki/rsa.js';
import { readScheme, type SigningChoice, signerFor } from '../../pki/signature-scheme.js';
import type { Random } from './dh.js';

/** IANA "IKEv2 Authentication Method". */
export const AuthMethod = {
  RSA_DIGITAL_SIGNATURE: 1,
  SHARED_KEY_MIC: 2,
  ECDSA_SHA_256_P256: 9,
  ECDSA_SHA_384_P384: 10,
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

/** Methods 9 and 10 bind a hash to each curve (RFC 4754 §7). */
const oldEcdsa = {
  'ecdsa-p256': { method: AuthMethod.ECDSA_SHA_256_P256, hash: SHA2_256 },
  'ecdsa-p384': { method: AuthMethod.ECDSA_SHA_384_P384, hash: SHA2_384 },
} as const;

/** Our hashes in the order in which we like them; a curve likes its own first. */
const hashesFor = ({ type }: PrivateKey) =>
  type === 'ecdsa-p384' ? [SHA2_384, SHA2_512, SHA2_256] : sha2;

/**
 * Signs with our key. `peerHashes`: content of the peer's SIGNATURE_HASH_ALGORITHMS; `undefined`
 * when it sent none, so that it knows only methods 1, 9 and 10.
 */
export function signAuth(
  key: PrivateKey,
  octets: Uint8Array,
  peerHashes: readonly number[] | undefined,
  random: Random,
  rsaPadding: SigningChoice['rsaPadding'] = 'pss',
): SignResult {
  // RFC 8420 §2: Ed25519 only for a peer that announced the Identity hash.
  if (key.type === 'ed25519' && !peerHashes?.includes(HashAlgorithm.IDENTITY))
    return { ok: false, why: 'our key is Ed25519, the peer did not announce the Identity hash' };
  const hash = hashesFor(key).find((candidate) => peerHashes?.includes(candidate.id));
  if (!hash && key.type !== 'ed25519') return signOldWay(key, octets, random);
  const { name, identifier, sign } = signerFor(key, { rsaPadding, ...(hash ? { hash } : {}) });
  // Method 14 (RFC 7427 §3): length, AlgorithmIdentifier, signature.
  const data = concat(Uint8Array.of(identifier.length), identifier, sign(octets, random));
  return { ok: true, auth: { method: AuthMethod.DIGITAL_SIGNATURE, data }, name };
}

/** For a peer that has no RFC 7427. */
function signOldWay(
  key: Exclude<PrivateKey, { type: 'ed25519' }>,
  octets: Uint8Array,
  random: Random,
): SignResult {
  if (key.type === 'rsa') {
    // RFC 7296 §3.8: method 1 of a signer that knows nothing of the peer has to be SHA-1.
    const data = signPkcs1(key, SHA1, SHA1.compute(octets), random);
    const auth = { method: AuthMethod.RSA_DIGITAL_SIGNATURE, data };
    return { ok: true, auth, name: 'RSA/SHA1' };
  }
  const { method, hash } = oldEcdsa[key.type];
  const data = signEcdsa(key, hash.compute(octets), random);
  return { ok: true, auth: { method, data }, name: `ECDSA/${hash.name}` };
}

/**
 * Verifies a peer's AUTH with one key. Never throws. `peerHashes` as for `signAuth`: SHA-1 is taken
 * only from a peer that could not have done better.
 */
export function verifyAuth(
  auth: AuthValue,
  key: PublicKey,
  octets: Uint8Array,
  peerHashes?: readonly number[],
): VerifyResult {
  const problem = key.type === 'rsa' ? rsaKeyProblem(key) : undefined;
  if (problem) return { ok: false, why: problem };
  switch (auth.method) {
    case AuthMethod.RSA_DIGITAL_SIGNATURE:
      return verifyOldRsa(key, octets, auth.data, peerHashes);
    case AuthMethod.ECDSA_SHA_256_P256:
      return verifyOldEcdsa('ecdsa-p256', key, octets, auth.data);
    case AuthMethod.ECDSA_SHA_384_P384:
      return verifyOldEcdsa('ecdsa-p384', key, octets, auth.data);
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
function verifyOldRsa(
  key: PublicKey,
  octets: Uint8Array,
  signature: Uint8Array,
  peerHashes: readonly number[] = [],
): VerifyResult {
  if (key.type !== 'rsa') return wrongKey('RSA', key);
  const knowsBetter = sha2.some(({ id }) => peerHashes.includes(id));
  const padded = recoverPadded(key, signature);
  const hash = (knowsBetter ? sha2 : [SHA1, ...sha2]).find((candidate) => {
    const wanted = padded && encodePkcs1(candidate, candidate.compute(octets), padded.length);
    return padded && wanted && equal(padded, wanted);
  });
  return verdict(hash !== undefined, hash ? `RSA/${hash.name}` : 'RSA');
}

function verifyOldEcdsa(
  type: EcdsaType,
  key: PublicKey,
  octets: Uint8Array,
  signature: Uint8Array,
): VerifyResult {
  if (!isEcdsa(key) || key.type !== type) return wrongKey(type, key);
  const { hash } = oldEcdsa[type];
  return verdict(verifyEcdsa(key, hash.compute(octets), signature), `ECDSA/${hash.name}`);
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
  if (!scheme.fits(key)) return wrongKey(scheme.name, key);
  return verdict(scheme.verify(key, octets, data.subarray(1 + length)), scheme.name);
}
