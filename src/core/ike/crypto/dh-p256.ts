/** 256-bit random ECP group (RFC 5903): points travel as x | y, the shared secret is x alone. */
import '../../bytes/engine-fixes.js';
import { p256 } from '@noble/curves/nist.js';
import { concat } from '../../bytes/bytes.js';
import type { DhGroup, Random } from './dh.js';

const COORDINATE = 32;
const UNCOMPRESSED = Uint8Array.of(4);

/** A scalar in 1..n-1, uniform; the chance of a second round is 2^-32. */
function secretKey(random: Random): Uint8Array {
  for (;;) {
    const secret = random(COORDINATE);
    if (p256.utils.isValidSecretKey(secret)) return secret;
  }
}

function shared(secret: Uint8Array, peerPublic: Uint8Array): Uint8Array | undefined {
  if (peerPublic.length !== 2 * COORDINATE) return undefined;
  try {
    // The library refuses points that are not on the curve; the cofactor is 1.
    return p256.getSharedSecret(secret, concat(UNCOMPRESSED, peerPublic), true).slice(1);
  } catch {
    return undefined;
  }
}

export const ecp256: DhGroup = {
  id: 19,
  name: 'ECP_256',
  publicLength: 2 * COORDINATE,
  generate(random) {
    const secret = secretKey(random);
    const publicKey = p256.getPublicKey(secret, false).slice(1);
    return { group: 19, publicKey, shared: (peer) => shared(secret, peer) };
  },
  warmUp: () => {
    p256.getPublicKey(new Uint8Array(COORDINATE).fill(1));
  },
};
