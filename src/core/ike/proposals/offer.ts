/**
 * What we propose: for the IKE SA one proposal with AEAD ciphers and one with AES-CBC and HMAC, for
 * ESP the same. Short enough that the first packet needs no fragmentation (OE-94), and nothing in it
 * without integrity or weaker than AES-128 (SP-19, OE-93).
 */

import type { IkeCipher } from '../crypto/cipher.js';
import type { DhGroup } from '../crypto/dh.js';
import { dhGroups } from '../crypto/dh-groups.js';
import { type Prf, prfs } from '../crypto/prf.js';
import { type EspSuite, espSuites, ikeCiphers } from '../crypto/suite.js';
import { TransformType } from '../crypto/transforms.js';
import type { Proposal } from '../payloads/sa.js';
import { Protocol } from '../registries/protocols.js';
import { type KnownTransform, toTransform } from './transform-set.js';

/** What we are willing to use, in the order in which we like it. */
export interface Preferences {
  ikeCiphers: readonly IkeCipher[];
  prfs: readonly Prf[];
  groups: readonly DhGroup[];
  espSuites: readonly EspSuite[];
  /** Values of transform type 5: extended sequence numbers, and those of 32 bits. */
  sequenceNumbers: readonly number[];
}

export const EXTENDED = 1;
export const NOT_EXTENDED = 0;

export const defaultPreferences: Preferences = {
  ikeCiphers,
  prfs,
  groups: dhGroups,
  espSuites,
  sequenceNumbers: [EXTENDED, NOT_EXTENDED],
};

interface CipherLike {
  id: number;
  keyBits?: number;
  integrityId?: number;
  isAead: boolean;
}

function cipherTransforms(ciphers: readonly CipherLike[]): KnownTransform[] {
  const integrity = new Set(ciphers.flatMap((one) => one.integrityId ?? []));
  const encryption = new Map(ciphers.map((one) => [`${one.id} ${one.keyBits}`, one]));
  return [
    ...[...encryption.values()].map(({ id, keyBits }) => ({
      type: TransformType.ENCR,
      id,
      ...(keyBits === undefined ? {} : { keyBits }),
    })),
    ...[...integrity].map((id) => ({ type: TransformType.INTEG, id })),
  ];
}

/** AEAD and other ciphers need proposals of their own: only the latter have an INTEG transform. */
function proposalsFor(
  ciphers: readonly CipherLike[],
  others: readonly KnownTransform[],
  protocol: number,
  spi: Uint8Array,
): Proposal[] {
  return [true, false]
    .map((isAead) => ciphers.filter((one) => one.isAead === isAead))
    .filter((some) => some.length > 0)
    .map((some, index) => ({
      number: index + 1,
      protocol,
      spi,
      transforms: [...cipherTransforms(some), ...others].map(toTransform),
    }));
}

const groupTransforms = (groups: readonly DhGroup[]): KnownTransform[] =>
  groups.map(({ id }) => ({ type: TransformType.DH, id }));

/** `spi`: empty in IKE_SA_INIT, that of the new IKE SA where one is rekeyed (RFC 7296 §3.3.1). */
export function ikeOffer(
  preferences: Preferences,
  spi: Uint8Array = new Uint8Array(0),
): Proposal[] {
  const others = [
    ...preferences.prfs.map(({ id }) => ({ type: TransformType.PRF, id })),
    ...groupTransforms(preferences.groups),
  ];
  return proposalsFor(preferences.ikeCiphers, others, Protocol.IKE, spi);
}

/**
 * For a Child SA. `groups` is empty in IKE_AUTH, whose Child SA has the secret of the IKE SA (RFC
 * 7296 §1.2), and is not in CREATE_CHILD_SA (OE-98).
 */
export function espOffer(
  preferences: Preferences,
  spi: Uint8Array,
  groups: readonly DhGroup[],
): Proposal[] {
  const others = [
    ...groupTransforms(groups),
    ...preferences.sequenceNumbers.map((id) => ({ type: TransformType.ESN, id })),
  ];
  return proposalsFor(preferences.espSuites, others, Protocol.ESP, spi);
}
