/** The part of the AES library that is used; `aes.ts` loads it. */
export { cbc, gcm } from '@noble/ciphers/aes.js';
