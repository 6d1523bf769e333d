/**
 * Protection of the Encrypted payload: RFC 7296 §3.14 (encrypt, then MAC) and RFC 5282 (AEAD), with
 * one shape for both. The body of an SK payload is IV, ciphertext and ICV; `aad` is everything
 * before it, from the IKE header to the SK payload's own generic header. So the ICV of AES-CBC with
 * HMAC, which covers the message from its first octet, is the HMAC of `aad` and body without ICV.
 *
 * Lengths stand in the header that is authenticated: ask `bodyLength` first, write the header with
 * it, then seal.
 */
import { uintBytes } from '../../bytes/bytes.js';

/** Keys of one direction: SK_ei and SK_ai, or SK_er and SK_ar. For AEAD `integrity` is empty. */
export interface SkKeys {
  encryption: Uint8Array;
  integrity: Uint8Array;
}

export interface SealInput {
  keys: SkKeys;
  /** `ivLength` bytes; never twice with the same keys. */
  iv: Uint8Array;
  aad: Uint8Array;
  /** The inner payloads; padding is added here. */
  plaintext: Uint8Array;
}

export interface OpenInput {
  keys: SkKeys;
  aad: Uint8Array;
  /** What the SK payload holds after its generic header. */
  body: Uint8Array;
}

export interface IkeCipher {
  /** Transform type 1 number. */
  readonly id: number;
  /** Value of the Key Length attribute; absent where there is none (ChaCha20-Poly1305). */
  readonly keyBits?: number;
  /** Transform type 3 number; absent for AEAD. */
  readonly integrityId?: number;
  readonly name: string;
  readonly isAead: boolean;
  /** Bytes of SK_e, including the salt of an AEAD. */
  readonly keyLength: number;
  /** Bytes of SK_a, 0 for AEAD. */
  readonly integrityKeyLength: number;
  readonly ivLength: number;
  readonly icvLength: number;
  /** True: the IV must be unpredictable (CBC); false: it must only be unique (AEAD). */
  readonly needsRandomIv: boolean;
  /** Length of the body that holds `plaintextLength` bytes of payloads. */
  bodyLength(plaintextLength: number): number;
  /** The body of an SK payload. Throws only when lengths of keys or IV are wrong. */
  seal(input: SealInput): Uint8Array;
  /** The inner payloads, or `undefined` when the body is too short, forged or badly padded. */
  open(input: OpenInput): Uint8Array | undefined;
}

/** Seals the messages of one direction of one SA; no IV is used twice. */
export interface Sealer {
  /** IVs that were used so far, or left out. */
  readonly used: number;
  bodyLength(plaintextLength: number): number;
  seal(aad: Uint8Array, plaintext: Uint8Array): Uint8Array;
}

/**
 * One per IKE SA, as its keys are: the IV counter of an AEAD starts at 1. For the same keys in another
 * run of the daemon, `used` is at least what the last sealer had.
 */
export function createSealer(
  cipher: IkeCipher,
  keys: SkKeys,
  random: (length: number) => Uint8Array,
  used = 0,
): Sealer {
  let count = used;
  const nextIv = () => {
    count++;
    return cipher.needsRandomIv ? random(cipher.ivLength) : uintBytes(count, cipher.ivLength);
  };
  return {
    get used() {
      return count;
    },
    bodyLength: (length) => cipher.bodyLength(length),
    seal: (aad, plaintext) => cipher.seal({ keys, iv: nextIv(), aad, plaintext }),
  };
}
