/** Stand-in for `@noble/ciphers/chacha.js`, as far as src uses it: a tag that tells changes, no secrecy. */
import { concat, equal } from '../../../src/core/bytes/bytes.js';
import { hashOf } from '../dice.js';
import { toyBytes } from './toy.js';

const TAG_LENGTH = 16;

export const chacha20poly1305 = (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array) => {
  const seed = hashOf(concat(key, nonce, aad));
  const tagOf = (text: Uint8Array) => toyBytes(seed ^ hashOf(text), TAG_LENGTH);
  return {
    encrypt: (plaintext: Uint8Array) => concat(plaintext, tagOf(plaintext)),
    decrypt(ciphertext: Uint8Array) {
      const at = ciphertext.length - TAG_LENGTH;
      const text = ciphertext.slice(0, at);
      if (!equal(ciphertext.subarray(at), tagOf(text))) throw new Error('invalid tag');
      return text;
    },
  };
};
