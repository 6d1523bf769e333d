/** Hash functions by the names of IANA's "IKEv2 Hash Algorithms". */
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { Oid } from './object-identifiers.js';

export interface HashFunction {
  readonly name: 'SHA1' | 'SHA2_256' | 'SHA2_384' | 'SHA2_512';
  /** Number in SIGNATURE_HASH_ALGORITHMS (RFC 7427 §7). */
  readonly id: number;
  readonly oid: string;
  readonly outputLength: number;
  compute(data: Uint8Array): Uint8Array;
}

/** For old RSA signatures and NAT detection; never for anything new. */
export const SHA1: HashFunction = {
  name: 'SHA1',
  id: 1,
  oid: Oid.sha1,
  outputLength: 20,
  compute: sha1,
};
export const SHA2_256: HashFunction = {
  name: 'SHA2_256',
  id: 2,
  oid: Oid.sha256,
  outputLength: 32,
  compute: sha256,
};
export const SHA2_384: HashFunction = {
  name: 'SHA2_384',
  id: 3,
  oid: Oid.sha384,
  outputLength: 48,
  compute: sha384,
};
export const SHA2_512: HashFunction = {
  name: 'SHA2_512',
  id: 4,
  oid: Oid.sha512,
  outputLength: 64,
  compute: sha512,
};

/** The hashes of new signatures, in our order of preference. */
export const sha2: readonly HashFunction[] = [SHA2_256, SHA2_384, SHA2_512];
