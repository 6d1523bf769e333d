/**
 * Proposals in words, as the configuration has them: `aes128gcm16-prfsha256-x25519`. A proposal names
 * one algorithm or more of each kind; a kind that no proposal names is as it is by default. The words
 * are those that other implementations use too.
 */
import type { IkeCipher } from '../crypto/cipher.js';
import type { DhGroup } from '../crypto/dh.js';
import { dhGroups } from '../crypto/dh-groups.js';
import { legacyPrfs, type Prf, prfs } from '../crypto/prf.js';
import {
  type EspSuite,
  espSuites,
  ikeCiphers,
  legacyEspSuites,
  legacyIkeCiphers,
} from '../crypto/suite.js';
import { defaultPreferences, EXTENDED, NOT_EXTENDED, type Preferences } from './offer.js';

/** Words for ciphers, with what stands for them in a proposal. */
const cipherWords: Readonly<Record<string, { id: number; keyBits?: number }>> = {
  aes128gcm16: { id: 20, keyBits: 128 },
  aes256gcm16: { id: 20, keyBits: 256 },
  chacha20poly1305: { id: 28 },
  aes128: { id: 12, keyBits: 128 },
  aes256: { id: 12, keyBits: 256 },
};
const integrityWords: Readonly<Record<string, number>> = {
  sha256: 12,
  sha384: 13,
  sha512: 14,
  sha1: 2,
};
const prfWords: Readonly<Record<string, number>> = {
  prfsha256: 5,
  prfsha384: 6,
  prfsha512: 7,
  prfsha1: 2,
};
const groupWords: Readonly<Record<string, number>> = {
  x25519: 31,
  ecp256: 19,
  ecp384: 20,
  modp2048: 14,
  modp3072: 15,
  modp4096: 16,
};
const sequenceWords: Readonly<Record<string, number>> = { esn: EXTENDED, noesn: NOT_EXTENDED };

/** Stands for all that is used when the configuration says nothing. */
const DEFAULT = 'default';

const list = (...tables: readonly object[]): string =>
  tables.map((table) => Object.keys(table).join(', ')).join('; ');

/** For documentation and errors. */
export const ikeProposalHelp = `'${DEFAULT}', or words joined by dashes, a cipher among them: ${list(cipherWords)}; with aes128 and aes256 also ${list(integrityWords)}; then ${list(prfWords, groupWords)}`;
export const espProposalHelp = `'${DEFAULT}', or words joined by dashes, a cipher among them: ${list(cipherWords)}; with aes128 and aes256 also ${list(integrityWords)}; then ${list(sequenceWords)}`;

interface CipherLike {
  id: number;
  keyBits?: number;
  integrityId?: number;
}

type Tables = readonly Readonly<Record<string, unknown>>[];

/** The ciphers that a proposal's words stand for, in their order; `undefined` for a bad proposal. */
function ciphersOf<T extends CipherLike>(
  text: string,
  all: readonly T[],
  others: Tables,
): T[] | undefined {
  const words = text.split('-');
  const tables = [cipherWords, integrityWords, ...others];
  if (!words.every((word) => tables.some((table) => Object.hasOwn(table, word)))) return undefined;
  const ciphers = words.flatMap((word) => cipherWords[word] ?? []);
  const integrity = words.flatMap((word) => integrityWords[word] ?? []);
  const found = ciphers.map(({ id, keyBits }) =>
    all.filter(
      (one) =>
        one.id === id &&
        one.keyBits === keyBits &&
        (one.integrityId === undefined || integrity.includes(one.integrityId)),
    ),
  );
  const isComplete = found.length > 0 && found.every((some) => some.length > 0);
  const isNeedless = integrity.length > 0 && !found.flat().some((one) => one.integrityId);
  return isComplete && !isNeedless ? found.flat() : undefined;
}

const allIkeCiphers = [...ikeCiphers, ...legacyIkeCiphers];
const allEspSuites = [...espSuites, ...legacyEspSuites];

const ikeCiphersOf = (text: string): readonly IkeCipher[] | undefined =>
  text === DEFAULT
    ? defaultPreferences.ikeCiphers
    : ciphersOf(text, allIkeCiphers, [prfWords, groupWords]);

const espSuitesOf = (text: string): readonly EspSuite[] | undefined =>
  text === DEFAULT ? defaultPreferences.espSuites : ciphersOf(text, allEspSuites, [sequenceWords]);

export const isIkeProposal = (text: string): boolean => ikeCiphersOf(text) !== undefined;
export const isEspProposal = (text: string): boolean => espSuitesOf(text) !== undefined;

/** Of one kind: what the words of all proposals stand for, each once, or the default. */
function pick<T>(
  proposals: readonly string[],
  words: Readonly<Record<string, number>>,
  all: readonly T[],
  numberOf: (one: T) => number,
  byDefault: readonly T[],
): readonly T[] {
  const named = proposals.flatMap((text): readonly T[] => {
    if (text === DEFAULT) return byDefault;
    const numbers = text.split('-').flatMap((word) => words[word] ?? []);
    return numbers.flatMap((number) => all.find((one) => numberOf(one) === number) ?? []);
  });
  return named.length > 0 ? [...new Set(named)] : byDefault;
}

const idOf = ({ id }: { readonly id: number }): number => id;

/**
 * What the proposals of the configuration allow; those that are none count as not written. An
 * algorithm of one proposal may be used with those of another.
 */
export function preferencesOf(
  ikeProposals: readonly string[],
  espProposals: readonly string[],
): Preferences {
  const byDefault = defaultPreferences;
  const ike = ikeProposals.flatMap((text) => ikeCiphersOf(text) ?? []);
  const esp = espProposals.flatMap((text) => espSuitesOf(text) ?? []);
  const allPrfs: readonly Prf[] = [...prfs, ...legacyPrfs];
  const groups: readonly DhGroup[] = dhGroups;
  return {
    ikeCiphers: ike.length > 0 ? [...new Set(ike)] : byDefault.ikeCiphers,
    espSuites: esp.length > 0 ? [...new Set(esp)] : byDefault.espSuites,
    prfs: pick(ikeProposals, prfWords, allPrfs, idOf, byDefault.prfs),
    groups: pick(ikeProposals, groupWords, groups, idOf, byDefault.groups),
    sequenceNumbers: pick(
      espProposals,
      sequenceWords,
      [EXTENDED, NOT_EXTENDED],
      (one) => one,
      byDefault.sequenceNumbers,
    ),
  };
}
