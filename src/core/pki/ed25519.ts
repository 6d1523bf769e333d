/** Ed25519 (RFC 8032). */
import '../bytes/engine-fixes.js';
import { ed25519 } from '@noble/curves/ed25519.js';

/** The public key of a secret key, 32 bytes each. */
export const ed25519Point = (secret: Uint8Array): Uint8Array => ed25519.getPublicKey(secret);

/** R | S, 64 bytes. */
export const signEd25519 = (secret: Uint8Array, message: Uint8Array): Uint8Array =>
  ed25519.sign(message, secret);

/** Verifies by the rules of RFC 8032 §5.1.7, not by ZIP 215's laxer ones. */
export function verifyEd25519(
  point: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (point.length !== 32 || signature.length !== 64) return false;
  try {
    return ed25519.verify(signature, message, point, { zip215: false });
  } catch {
    return false;
  }
}
