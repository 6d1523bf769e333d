/** From negotiated transforms to algorithms: those of an IKE SA, and ESP's with the kernel's names. */
import type { EspKeys } from '../../kernel/child-sa.js';
import { aesGcm128, aesGcm256, chaCha20Poly1305 } from './aead.js';
import type { IkeCipher } from './cipher.js';
import { aesCbc, integrities } from './encrypt-then-mac.js';
import { type ChildKeyInput, type DirectionKeys, deriveChildKeys } from './keymat.js';

/** What a proposal says of encryption and integrity. */
export interface CipherChoice {
  encryption: number;
  /** Key Length attribute, where there was one. */
  keyBits?: number | undefined;
  /** Absent, or 0 (NONE), with an AEAD. */
  integrity?: number | undefined;
}

/**
 * All ciphers of the Encrypted payload, in the order in which we offer them. ChaCha20 first: in a
 * script it takes a third of the time of AES-GCM, and needs no tables of 1.1 MB. (ESP is another
 * matter: there the kernel's AES is the faster one where the processor has it.)
 */
export const ikeCiphers: readonly IkeCipher[] = [
  chaCha20Poly1305,
  aesGcm128,
  aesGcm256,
  ...([128, 256] as const).flatMap((bits) => integrities.map((mac) => aesCbc(bits, mac))),
];

interface Algorithm {
  readonly id: number;
  readonly keyBits?: number;
  readonly integrityId?: number;
}

const fits = (algorithm: Algorithm, choice: CipherChoice): boolean =>
  algorithm.id === choice.encryption &&
  algorithm.keyBits === choice.keyBits &&
  (algorithm.integrityId ?? 0) === (choice.integrity ?? 0);

export const findIkeCipher = (choice: CipherChoice): IkeCipher | undefined =>
  ikeCiphers.find((cipher) => fits(cipher, choice));

/** ESP algorithms of a Child SA. */
export interface EspSuite extends Algorithm {
  readonly name: string;
  readonly isAead: boolean;
  /** Bytes of KEYMAT for encryption, with the salt of an AEAD. */
  readonly encryptionKeyLength: number;
  readonly integrityKeyLength: number;
  toKernel(keys: DirectionKeys): EspKeys;
}

/** RFC 4106 §8.1, RFC 7634 §2: the last four bytes of the key are the salt, as the kernel wants it. */
const espAead = (id: number, name: string, kernelName: string, keyBits?: number): EspSuite => ({
  id,
  ...(keyBits === undefined ? {} : { keyBits }),
  name,
  isAead: true,
  encryptionKeyLength: (keyBits ?? 256) / 8 + 4,
  integrityKeyLength: 0,
  toKernel: ({ encryption }) => ({
    kind: 'aead',
    name: kernelName,
    key: encryption,
    icvBits: 128,
  }),
});

const espCbcSha256 = (keyBits: 128 | 256): EspSuite => ({
  id: 12,
  keyBits,
  integrityId: 12,
  name: `AES_CBC_${keyBits}/HMAC_SHA2_256_128`,
  isAead: false,
  encryptionKeyLength: keyBits / 8,
  integrityKeyLength: 32,
  toKernel: ({ encryption, integrity }) => ({
    kind: 'encrypt-then-mac',
    encryption: 'cbc(aes)',
    encryptionKey: encryption,
    integrity: 'hmac(sha256)',
    integrityKey: integrity,
    icvBits: 128,
  }),
});

/** In the order in which we offer them. Integrity is never missing (SP-19). */
export const espSuites: readonly EspSuite[] = [
  espAead(20, 'AES_GCM_16_128', 'rfc4106(gcm(aes))', 128),
  espAead(20, 'AES_GCM_16_256', 'rfc4106(gcm(aes))', 256),
  espAead(28, 'CHACHA20_POLY1305', 'rfc7539esp(chacha20,poly1305)'),
  espCbcSha256(128),
  espCbcSha256(256),
];

export const findEspSuite = (choice: CipherChoice): EspSuite | undefined =>
  espSuites.find((suite) => fits(suite, choice));

/** Keys of both directions of a Child SA, as the kernel takes them. */
export function deriveEspKeys(
  suite: EspSuite,
  input: ChildKeyInput,
): { fromInitiator: EspKeys; fromResponder: EspKeys } {
  const keys = deriveChildKeys(input, suite.encryptionKeyLength, suite.integrityKeyLength);
  return {
    fromInitiator: suite.toKernel(keys.fromInitiator),
    fromResponder: suite.toKernel(keys.fromResponder),
  };
}
