/** From negotiated transforms to algorithms: those of an IKE SA, and ESP's with the kernel's names. */
import type { EspKeys } from '../../kernel/child-sa.js';
import { aesGcm128, aesGcm256, chaCha20Poly1305 } from './aead.js';
import type { IkeCipher } from './cipher.js';
import { aesCbc, hmacSha1, type Integrity, integrities } from './encrypt-then-mac.js';
import { type ChildKeyInput, type DirectionKeys, deriveChildKeys } from './keymat.js';

/** What a proposal says of encryption and integrity. */
export interface CipherChoice {
  encryption: number;
  /** Key Length attribute, where there was one. */
  keyBits?: number | undefined;
  /** Absent, or 0 (NONE), with an AEAD. */
  integrity?: number | undefined;
}

const cbcKeyBits = [128, 256] as const;

/**
 * All ciphers of the Encrypted payload, in the order in which we offer them. ChaCha20 first: in a
 * script it takes a third of the time of AES-GCM, and needs no tables of 1.1 MB. (ESP is another
 * matter: there the kernel's AES is the faster one where the processor has it.)
 */
export const ikeCiphers: readonly IkeCipher[] = [
  chaCha20Poly1305,
  aesGcm128,
  aesGcm256,
  ...cbcKeyBits.flatMap((bits) => integrities.map((mac) => aesCbc(bits, mac))),
];

/** For peers of old: never offered or taken unless the configuration names them. */
export const legacyIkeCiphers: readonly IkeCipher[] = cbcKeyBits.map((bits) =>
  aesCbc(bits, hmacSha1),
);

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
  [...ikeCiphers, ...legacyIkeCiphers].find((cipher) => fits(cipher, choice));

/** ESP algorithms of a Child SA. */
export interface EspSuite extends Algorithm {
  readonly name: string;
  readonly isAead: boolean;
  /** Algorithms that the kernel must have for it. */
  readonly kernelNames: readonly string[];
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
  kernelNames: [kernelName],
  encryptionKeyLength: (keyBits ?? 256) / 8 + 4,
  integrityKeyLength: 0,
  toKernel: ({ encryption }) => ({
    kind: 'aead',
    name: kernelName,
    key: encryption,
    icvBits: 128,
  }),
});

/** The kernel's names of the hashes, by transform type 3 number. */
const kernelHmac: Readonly<Record<number, string>> = {
  2: 'hmac(sha1)',
  12: 'hmac(sha256)',
  13: 'hmac(sha384)',
  14: 'hmac(sha512)',
};

const espCbc = (keyBits: 128 | 256, integrity: Integrity): EspSuite => ({
  id: 12,
  keyBits,
  integrityId: integrity.id,
  name: `AES_CBC_${keyBits}/${integrity.name.replace('AUTH_', '')}`,
  isAead: false,
  kernelNames: ['cbc(aes)', kernelHmac[integrity.id]!],
  encryptionKeyLength: keyBits / 8,
  integrityKeyLength: integrity.keyLength,
  toKernel: (keys) => ({
    kind: 'encrypt-then-mac',
    encryption: 'cbc(aes)',
    encryptionKey: keys.encryption,
    integrity: kernelHmac[integrity.id]!,
    integrityKey: keys.integrity,
    icvBits: 8 * integrity.icvLength,
  }),
});

/** In the order in which we offer them. Integrity is never missing (SP-19). */
export const espSuites: readonly EspSuite[] = [
  espAead(20, 'AES_GCM_16_128', 'rfc4106(gcm(aes))', 128),
  espAead(20, 'AES_GCM_16_256', 'rfc4106(gcm(aes))', 256),
  espAead(28, 'CHACHA20_POLY1305', 'rfc7539esp(chacha20,poly1305)'),
  ...cbcKeyBits.flatMap((bits) => integrities.map((mac) => espCbc(bits, mac))),
];

/** As `legacyIkeCiphers`. */
export const legacyEspSuites: readonly EspSuite[] = cbcKeyBits.map((bits) =>
  espCbc(bits, hmacSha1),
);

export const findEspSuite = (choice: CipherChoice): EspSuite | undefined =>
  [...espSuites, ...legacyEspSuites].find((suite) => fits(suite, choice));

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
