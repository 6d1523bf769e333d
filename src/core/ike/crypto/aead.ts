/** AEAD ciphers in the Encrypted payload: AES-GCM (RFC 5282), ChaCha20-Poly1305 (RFC 7634). */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { concat } from '../../bytes/bytes.js';
import { gcm } from './aes.js';
import type { IkeCipher, SkKeys } from './cipher.js';
import { pad, paddedLength, unpad } from './padding.js';

type Aead = typeof gcm | typeof chacha20poly1305;

// The same for both: RFC 5282 §3 and §7.1, RFC 7634 §2 and §3.
const SALT_LENGTH = 4;
const IV_LENGTH = 8;
const ICV_LENGTH = 16;

/** SK_e is the cipher's key followed by the salt; the nonce is the salt followed by the IV. */
function cipherWith(aead: Aead, keys: SkKeys, iv: Uint8Array, aad: Uint8Array) {
  const at = keys.encryption.length - SALT_LENGTH;
  const nonce = concat(keys.encryption.subarray(at), iv);
  return aead(keys.encryption.subarray(0, at), nonce, aad);
}

function aeadCipher(
  numbers: Pick<IkeCipher, 'id' | 'name'> & { keyBits?: number },
  cipherKeyLength: number,
  aead: Aead,
): IkeCipher {
  const keyLength = cipherKeyLength + SALT_LENGTH;
  return {
    ...numbers,
    isAead: true,
    keyLength,
    integrityKeyLength: 0,
    ivLength: IV_LENGTH,
    icvLength: ICV_LENGTH,
    needsRandomIv: false,
    bodyLength: (length) => IV_LENGTH + paddedLength(length, 1) + ICV_LENGTH,
    seal({ keys, iv, aad, plaintext }) {
      if (keys.encryption.length !== keyLength || iv.length !== IV_LENGTH)
        throw new Error(`${numbers.name}: key ${keys.encryption.length}, IV ${iv.length} bytes`);
      return concat(iv, cipherWith(aead, keys, iv, aad).encrypt(pad(plaintext, 1)));
    },
    open({ keys, aad, body }) {
      if (body.length < IV_LENGTH + 1 + ICV_LENGTH) return undefined;
      const iv = body.subarray(0, IV_LENGTH);
      try {
        return unpad(cipherWith(aead, keys, iv, aad).decrypt(body.subarray(IV_LENGTH)));
      } catch {
        return undefined; // the library's way to say that the tag is wrong
      }
    },
  };
}

const AES_GCM_16 = 20;
const CHACHA20_POLY1305 = 28;

export const aesGcm128 = aeadCipher(
  { id: AES_GCM_16, keyBits: 128, name: 'AES_GCM_16_128' },
  16,
  gcm,
);
export const aesGcm256 = aeadCipher(
  { id: AES_GCM_16, keyBits: 256, name: 'AES_GCM_16_256' },
  32,
  gcm,
);
export const chaCha20Poly1305 = aeadCipher(
  { id: CHACHA20_POLY1305, name: 'CHACHA20_POLY1305' },
  32,
  chacha20poly1305,
);
