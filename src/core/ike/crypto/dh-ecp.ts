/** Random ECP groups (RFC 5903): points travel as x | y, the shared secret is x alone. */
import { concat } from '../../bytes/bytes.js';
import { ecdsaPoint, ecdsaSecret } from '../../pki/ecdsa.js';
import { p256, p384 } from '../../pki/nist-curves.js';
import type { EcdsaType } from '../../pki/public-key.js';
import type { DhGroup } from './dh.js';

const UNCOMPRESSED = Uint8Array.of(4);

interface Curve {
  /** What of the library this needs. */
  getSharedSecret(secret: Uint8Array, point: Uint8Array, isCompressed: boolean): Uint8Array;
}

function ecpGroup(id: number, bits: number, curve: Curve, type: EcdsaType): DhGroup {
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
      const secret = ecdsaSecret(type, random);
      const publicKey = ecdsaPoint(type, secret);
      return { group: id, publicKey, shared: (peer) => shared(secret, peer) };
    },
    warmUp: () => {
      ecdsaPoint(type, new Uint8Array(coordinate).fill(1));
    },
  };
}

export const ecp256 = ecpGroup(19, 256, p256.ephemeral, 'ecdsa-p256');
export const ecp384 = ecpGroup(20, 384, p384.ephemeral, 'ecdsa-p384');
