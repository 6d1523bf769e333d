/** Pseudo-random functions of IKEv2 (RFC 4868) and prf+ (RFC 7296 §2.13). */
import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';

export interface Prf {
  /** Transform type 2 number. */
  readonly id: number;
  readonly name: string;
  /** Length in bytes of SK_d, SK_pi and SK_pr (RFC 7296 §2.13: the preferred key length). */
  readonly keyLength: number;
  readonly outputLength: number;
  /** The PRF of all `data` joined; `key` may have any length. */
  compute(key: Uint8Array, ...data: readonly Uint8Array[]): Uint8Array;
  /** `compute` with a key that is used several times: its part of the work is done once. */
  keyed(key: Uint8Array): (...data: readonly Uint8Array[]) => Uint8Array;
}

interface Mac {
  update(data: Uint8Array): unknown;
  digest(): Uint8Array;
}

function digest(mac: Mac, data: readonly Uint8Array[]): Uint8Array {
  for (const part of data) mac.update(part);
  return mac.digest();
}

function hmacPrf(id: number, name: string, hash: typeof sha1 | typeof sha256 | typeof sha512): Prf {
  return {
    id,
    name,
    keyLength: hash.outputLen,
    outputLength: hash.outputLen,
    compute: (key, ...data) => digest(hmac.create(hash, key), data),
    keyed(key) {
      const begun = hmac.create(hash, key);
      return (...data) => digest(begun.clone(), data);
    },
  };
}

export const PRF_HMAC_SHA1 = hmacPrf(2, 'PRF_HMAC_SHA1', sha1);
export const PRF_HMAC_SHA2_256 = hmacPrf(5, 'PRF_HMAC_SHA2_256', sha256);
export const PRF_HMAC_SHA2_384 = hmacPrf(6, 'PRF_HMAC_SHA2_384', sha384);
export const PRF_HMAC_SHA2_512 = hmacPrf(7, 'PRF_HMAC_SHA2_512', sha512);

/** In the order in which we offer them. */
export const prfs: readonly Prf[] = [PRF_HMAC_SHA2_256, PRF_HMAC_SHA2_384, PRF_HMAC_SHA2_512];

/** For peers of old; used where the configuration names it (RFC 8247 §2.2: MUST-). */
export const legacyPrfs: readonly Prf[] = [PRF_HMAC_SHA1];

export const prfById = (id: number): Prf | undefined =>
  [...prfs, ...legacyPrfs].find((prf) => prf.id === id);

/** prf+(key, seed), `length` bytes of it. Throws beyond 255 blocks, where prf+ is not defined. */
export function prfPlus(prf: Prf, key: Uint8Array, seed: Uint8Array, length: number): Uint8Array {
  const blocks = Math.ceil(length / prf.outputLength);
  if (blocks > 255) throw new Error(`prf+: ${length} bytes asked, 255 blocks are the most`);
  const out = new Uint8Array(blocks * prf.outputLength);
  const compute = prf.keyed(key);
  let block: Uint8Array = new Uint8Array(0);
  for (let i = 1; i <= blocks; i++) {
    block = compute(block, seed, Uint8Array.of(i));
    out.set(block, (i - 1) * prf.outputLength);
  }
  return out.slice(0, length);
}
