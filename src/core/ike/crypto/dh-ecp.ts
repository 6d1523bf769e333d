/** Random ECP groups (RFC 5903): points travel as x | y, the shared secret is x alone. */
import '../../bytes/engine-fixes.js';
import { p256, p384 } from '@noble/curves/nist.js';
import { concat } from '../../bytes/bytes.js';
import { p256Point, p256Secret } from '../../pki/ecdsa.js';
import type { DhGroup, Random } from './dh.js';

// No table for P-384, which few peers want: it would take 55 ms under qjs on a PC at first use, and
// saves 8 ms each time.
p384.Point.BASE.precompute(1);

const UNCOMPRESSED = Uint8Array.of(4);

interface Curve {
  /** What of the library this needs. */
  getSharedSecret(secret: Uint8Array, point: Uint8Array, isCompressed: boolean): Uint8Array;
}

function ecpGroup(
  id: number,
  bits: number,
  curve: Curve,
  makeSecret: (random: Random) => Uint8Array,
  pointOf: (secret: Uint8Array) => Uint8Array,
): DhGroup {
  const coordinate = bits / 8;

  function shared(secret: Uint8Array, peerPublic: Uint8Array): Uint8Array | undefined {
    if (peerPublic.length !== 2 * coordinate) return undefined;
    try {
      // RFC 6989 §2.3: the library refuses points that are not on the curve; the cofactor is 1.
      return curve.getSharedSecret(secret, concat(UNCOMPRESSED, peerPublic), true).slice(1);
    } catch {
      return undefined;
    }
  }

  return {
    id,
    name: `ECP_${bits}`,
    publicLength: 2 * coordinate,
    generate(random) {
      const secret = makeSecret(random);
      const publicKey = pointOf(secret);
      return { group: id, publicKey, shared: (peer) => shared(secret, peer) };
    },
    warmUp: () => {
      pointOf(new Uint8Array(coordinate).fill(1));
    },
  };
}

/** A secret key, uniform in 1..n-1; the chance of a second round is 2^-190. */
function p384Secret(random: Random): Uint8Array {
  for (;;) {
    const secret = random(48);
    if (p384.utils.isValidSecretKey(secret)) return secret;
  }
}

export const ecp256 = ecpGroup(19, 256, p256, p256Secret, p256Point);
export const ecp384 = ecpGroup(20, 384, p384, p384Secret, (secret) =>
  p384.getPublicKey(secret, false).slice(1),
);
