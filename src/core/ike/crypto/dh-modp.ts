/** MODP groups with safe primes (RFC 3526) for peers without curves. */
import { bytesToInteger, integerToBytes, modPow } from '../../pki/big-integer.js';
import type { DhGroup } from './dh.js';

/** [2^3966 pi]: the largest group's; those of the smaller ones are its first bits. */
const PI = BigInt(
  '0xc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd' +
    '3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee38' +
    '6bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf' +
    '5f83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e46' +
    '2e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515' +
    'd2261898fa051015728e5a8aaac42dad33170d04507a33a85521abdf1cba64ecfb850458dbef0a8aea71575d06' +
    '0c7db3970f85a6e1e4c7abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864d87602' +
    '733ec86a64521f2b18177b200cbbe117577a615d6c770988c0bad946e208e24fa074e5ab3143db5bfce0fd108e' +
    '4b82d120a92108011a723c12a787e6d788719a10bdba5b2699c327186af4e23c1a946834b6150bda2583e9ca2a' +
    'd44ce8dbbbc2db04de8ef92e8efc141fbecaa6287c59474e6bc05d99b2964fa090c3a2233ba186515be7ed1f61' +
    '2970cee2d7afb81bdd762170481cd0069127d5b05aa993b4ea988d8fddc186ffb7dc90a6c08f4df435c9340284' +
    '92',
);
const PI_BITS = 3966;

/** RFC 3526: p = 2^n - 2^(n-64) - 1 + 2^64 * ([2^(n-130) pi] + addend). */
export function modpPrime(bits: number, addend: bigint): bigint {
  const n = BigInt(bits);
  const pi = PI >> BigInt(PI_BITS - (bits - 130));
  return (1n << n) - (1n << (n - 64n)) - 1n + ((pi + addend) << 64n);
}

/**
 * `exponentLength`: bytes of a private exponent. They may be short where p is a safe prime: RFC 3526
 * §8 estimates that twice the strength of the group is enough, and these are its higher estimates.
 */
function modpGroup(
  id: number,
  bits: number,
  addend: bigint,
  exponentLength: number,
): DhGroup & { prime: bigint } {
  const length = bits / 8;
  const prime = modpPrime(bits, addend);
  const topBit = 1n << BigInt(8 * exponentLength - 1);

  function shared(exponent: bigint, peerPublic: Uint8Array): Uint8Array | undefined {
    if (peerPublic.length !== length) return undefined;
    const y = bytesToInteger(peerPublic);
    // RFC 6989 §2.1: p is a safe prime, so this check leaves only subgroups of large order.
    if (y <= 1n || y >= prime - 1n) return undefined;
    return integerToBytes(modPow(y, exponent, prime), length);
  }

  return {
    id,
    name: `MODP_${bits}`,
    prime,
    publicLength: length,
    generate(random) {
      const exponent = bytesToInteger(random(exponentLength)) | topBit;
      const publicKey = integerToBytes(modPow(2n, exponent, prime), length);
      return { group: id, publicKey, shared: (peer) => shared(exponent, peer) };
    },
    warmUp: () => undefined,
  };
}

export const modp2048 = modpGroup(14, 2048, 124_476n, 40);
export const modp3072 = modpGroup(15, 3072, 1_690_314n, 53);
export const modp4096 = modpGroup(16, 4096, 240_904n, 60);
