/** 2048-bit MODP group (RFC 3526 §3) for peers without curves. */
import { bytesToInteger, integerToBytes, modPow } from '../../pki/big-integer.js';
import type { DhGroup } from './dh.js';

const LENGTH = 256;

// Exponents may be short where p is a safe prime: RFC 3526 §8 estimates 220 to 320 bits.
const EXPONENT_LENGTH = 40;

/** p = 2^2048 - 2^1984 - 1 + 2^64 * ([2^1918 pi] + 124476), written out. */
export const modp2048Prime = BigInt(
  '0xffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a0879' +
    '8e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0b' +
    'ff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55' +
    'd39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c' +
    '08ca18217c32905e462e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718' +
    '3995497cea956ae515d2261898fa051015728e5a8aacaa68ffffffffffffffff',
);

function shared(exponent: bigint, peerPublic: Uint8Array): Uint8Array | undefined {
  if (peerPublic.length !== LENGTH) return undefined;
  const y = bytesToInteger(peerPublic);
  // RFC 6989 §2.1: p is a safe prime, so this check leaves only subgroups of large order.
  if (y <= 1n || y >= modp2048Prime - 1n) return undefined;
  return integerToBytes(modPow(y, exponent, modp2048Prime), LENGTH);
}

export const modp2048: DhGroup = {
  id: 14,
  name: 'MODP_2048',
  publicLength: LENGTH,
  generate(random) {
    const exponent = bytesToInteger(random(EXPONENT_LENGTH)) | (1n << 319n);
    const publicKey = integerToBytes(modPow(2n, exponent, modp2048Prime), LENGTH);
    return { group: 14, publicKey, shared: (peer) => shared(exponent, peer) };
  },
  warmUp: () => undefined,
};
