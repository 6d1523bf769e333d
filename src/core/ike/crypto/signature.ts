/**
 * Signatures in the AUTH payload: RSA (RFC 7296 §2.15), ECDSA-256 (RFC 4754) and Digital Signature
 * (RFC 7427, RFC 8420). The octets to sign come from `authOctets`.
 */
import type { PrivateKey } from '../../pki/private-key.js';
import type { PublicKey } from '../../pki/public-key.js';
import type { Random } from './dh.js';

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
export declare function signAuth(
  key: PrivateKey,
  octets: Uint8Array,
  peerHashes: readonly number[] | undefined,
  random: Random,
): SignResult;

/** Verifies a peer's AUTH with one key. Never throws. */
export declare function verifyAuth(
  auth: AuthValue,
  key: PublicKey,
  octets: Uint8Array,
): VerifyResult;
