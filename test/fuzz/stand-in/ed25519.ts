/** Stand-in for `@noble/curves/ed25519.js`, as far as src uses it. */
import { equal } from '../../../src/core/bytes/bytes.js';
import { toyPublic, toyShared, toySignature } from './toy.js';

const LENGTH = 32;
const SIGNATURE_LENGTH = 64;

const getPublicKey = (secret: Uint8Array): Uint8Array => toyPublic(secret, LENGTH);

export const ed25519 = {
  Point: { BASE: { precompute: () => undefined } },
  getPublicKey,
  sign: (message: Uint8Array, secret: Uint8Array) =>
    toySignature(getPublicKey(secret), message, SIGNATURE_LENGTH),
  verify: (signature: Uint8Array, message: Uint8Array, point: Uint8Array) =>
    equal(signature, toySignature(point, message, SIGNATURE_LENGTH)),
};

export const x25519 = {
  GuBytes: new Uint8Array(LENGTH),
  /** Of the base point only. */
  scalarMult: getPublicKey,
  getSharedSecret: toyShared,
};
