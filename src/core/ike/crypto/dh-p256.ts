/** 256-bit random ECP group (RFC 5903): points travel as x | y, the shared secret is x alone. */
import '../../bytes/engine-fixes.js';
import { p256 } from '@noble/curves/nist.js';
import { concat } from '../../bytes/bytes.js';
import { p256Point, p256Secret } from '../../pki/ecdsa.js';
import type { DhGroup } from './dh.js';

const COORDINATE = 32;
const UNCOMPRESSED = Uint8Array.of(4);

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
    const secret = p256Secret(random);
    const publicKey = p256Point(secret);
    return { group: 19, publicKey, shared: (peer) => shared(secret, peer) };
  },
  warmUp: () => {
    p256Point(new Uint8Array(COORDINATE).fill(1));
  },
};
