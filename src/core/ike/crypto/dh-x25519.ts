/** Curve25519 in IKEv2 (RFC 8031, RFC 7748). */
import '../../bytes/engine-fixes.js';
import { x25519 } from '@noble/curves/ed25519.js';
import type { DhGroup } from './dh.js';

const LENGTH = 32;

function shared(secret: Uint8Array, peerPublic: Uint8Array): Uint8Array | undefined {
  if (peerPublic.length !== LENGTH) return undefined;
  try {
    const value = x25519.getSharedSecret(secret, peerPublic);
    // RFC 8031 §3: an all-zero result must end the exchange. The library throws too.
    return value.some((byte) => byte !== 0) ? value : undefined;
  } catch {
    return undefined;
  }
}

export const curve25519: DhGroup = {
  id: 31,
  name: 'CURVE25519',
  publicLength: LENGTH,
  generate(random) {
    const secret = random(LENGTH);
    // The ladder with the base point u = 9, not the library's table for it: the table costs
    // memory, and pairs are made when the daemon is idle.
    const publicKey = x25519.scalarMult(secret, x25519.GuBytes);
    return { group: 31, publicKey, shared: (peer) => shared(secret, peer) };
  },
  warmUp: () => undefined,
};
