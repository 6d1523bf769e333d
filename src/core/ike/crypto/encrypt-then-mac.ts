/** AES-CBC with HMAC in the Encrypted payload (RFC 7296 §3.14, RFC 3602, RFC 4868). */
import { concat, equalConstantTime } from '../../bytes/bytes.js';
import { cbc } from './aes.js';
import type { IkeCipher } from './cipher.js';
import { pad, paddedLength, unpad } from './padding.js';
import {
  PRF_HMAC_SHA1,
  PRF_HMAC_SHA2_256,
  PRF_HMAC_SHA2_384,
  PRF_HMAC_SHA2_512,
  type Prf,
} from './prf.js';

/** Integrity algorithm: the first bytes of an HMAC. */
export interface Integrity {
  /** Transform type 3 number. */
  readonly id: number;
  readonly name: string;
  readonly keyLength: number;
  readonly icvLength: number;
  compute(key: Uint8Array, ...data: readonly Uint8Array[]): Uint8Array;
}

function cut(id: number, name: string, prf: Prf, icvLength: number): Integrity {
  const compute: Integrity['compute'] = (key, ...data) =>
    prf.compute(key, ...data).slice(0, icvLength);
  return { id, name, keyLength: prf.keyLength, icvLength, compute };
}

// RFC 4868 §2.1: half of the length.
export const hmacSha256 = cut(12, 'AUTH_HMAC_SHA2_256_128', PRF_HMAC_SHA2_256, 16);
export const hmacSha384 = cut(13, 'AUTH_HMAC_SHA2_384_192', PRF_HMAC_SHA2_384, 24);
export const hmacSha512 = cut(14, 'AUTH_HMAC_SHA2_512_256', PRF_HMAC_SHA2_512, 32);
/** RFC 2404; for peers of old, used where the configuration names it (RFC 8247 §2.3: MUST-). */
export const hmacSha1 = cut(2, 'AUTH_HMAC_SHA1_96', PRF_HMAC_SHA1, 12);

export const integrities: readonly Integrity[] = [hmacSha256, hmacSha384, hmacSha512];

const AES_CBC = 12;
const BLOCK_LENGTH = 16;

export function aesCbc(keyBits: 128 | 256, integrity: Integrity): IkeCipher {
  const name = `AES_CBC_${keyBits}/${integrity.name.replace('AUTH_', '')}`;
  const keyLength = keyBits / 8;
  const { icvLength, keyLength: integrityKeyLength } = integrity;
  return {
    id: AES_CBC,
    keyBits,
    integrityId: integrity.id,
    name,
    isAead: false,
    keyLength,
    integrityKeyLength,
    ivLength: BLOCK_LENGTH,
    icvLength,
    needsRandomIv: true,
    bodyLength: (length) => BLOCK_LENGTH + paddedLength(length, BLOCK_LENGTH) + icvLength,
    seal({ keys, iv, aad, plaintext }) {
      const { encryption, integrity: macKey } = keys;
      if (encryption.length !== keyLength || macKey.length !== integrityKeyLength)
        throw new Error(`${name}: keys of ${encryption.length} and ${macKey.length} bytes`);
      const sealed = concat(iv, cbc(encryption, iv).encrypt(pad(plaintext, BLOCK_LENGTH)));
      return concat(sealed, integrity.compute(macKey, aad, sealed));
    },
    open({ keys, aad, body }) {
      const end = body.length - icvLength;
      if (end < 2 * BLOCK_LENGTH || end % BLOCK_LENGTH !== 0) return undefined;
      const sealed = body.subarray(0, end);
      const icv = integrity.compute(keys.integrity, aad, sealed);
      if (!equalConstantTime(icv, body.subarray(end))) return undefined;
      const iv = sealed.subarray(0, BLOCK_LENGTH);
      return unpad(cbc(keys.encryption, iv).decrypt(sealed.subarray(BLOCK_LENGTH)));
    },
  };
}
