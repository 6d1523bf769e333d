/**
 * Choosing from a peer's proposals (RFC 7296 §2.7, §3.3.6). Our order of preference decides; of
 * several proposals with the same cipher the first wins.
 */

import type { IkeCipher } from '../crypto/cipher.js';
import type { DhGroup } from '../crypto/dh.js';
import type { Prf } from '../crypto/prf.js';
import type { EspSuite } from '../crypto/suite.js';
import { TransformType } from '../crypto/transforms.js';
import type { Proposal } from '../payloads/sa.js';
import { Protocol } from '../registries/protocols.js';
import { EXTENDED, NOT_EXTENDED, type Preferences } from './offer.js';
import { type KnownTransform, TransformSet, toTransform } from './transform-set.js';

/** Algorithms of an IKE SA. */
export interface IkeSuite {
  cipher: IkeCipher;
  prf: Prf;
  group: DhGroup;
}

/** Algorithms of a Child SA; without a group its keys come from the IKE SA alone. */
export interface ChildSuite {
  esp: EspSuite;
  group?: DhGroup;
  /** Sequence numbers of 64 bits (RFC 4303 §2.2.1). */
  isExtended: boolean;
}

export interface Choice<Suite> {
  suite: Suite;
  /** The peer's proposal that was chosen. */
  from: Proposal;
  /** Its one transform of each type: what the answer's SA payload says. */
  transforms: readonly KnownTransform[];
}

interface CipherLike {
  id: number;
  keyBits?: number;
  integrityId?: number;
}

/** The transforms that stand for a cipher, when the set has them. */
function pickCipher(set: TransformSet, cipher: CipherLike): KnownTransform[] | undefined {
  const encryption = set.find(TransformType.ENCR, cipher.id, cipher.keyBits);
  if (!encryption) return undefined;
  if (cipher.integrityId !== undefined) {
    const integrity = set.find(TransformType.INTEG, cipher.integrityId);
    return integrity && [encryption, integrity];
  }
  return set.allowsNone(TransformType.INTEG) ? [encryption] : undefined;
}

/** The group of the KE payload where we like it at all: another one costs a round trip. */
function pickGroup(
  set: TransformSet,
  groups: readonly DhGroup[],
  offered: number | undefined,
): DhGroup | undefined {
  const fitting = groups.filter(({ id }) => set.find(TransformType.DH, id));
  return fitting.find(({ id }) => id === offered) ?? fitting[0];
}

/** RFC 7296 §3.3.2: a proposal that says nothing means sequence numbers of 32 bits. */
function pickSequenceNumbers(set: TransformSet, wanted: readonly number[]): number | undefined {
  const isAllowed = (id: number) =>
    set.find(TransformType.ESN, id) || (id === NOT_EXTENDED && !set.has(TransformType.ESN));
  return wanted.find(isAllowed);
}

const proposalsOf = (proposals: readonly Proposal[], protocol: number, spiLength: number) =>
  proposals
    .filter((one) => one.protocol === protocol && one.spi.length === spiLength)
    .flatMap((from) => {
      const set = TransformSet.of(from);
      return set ? [{ from, set }] : [];
    });

/** `keGroup`: group of the KE payload that came along. `spiLength`: 8 where an IKE SA is rekeyed. */
export function chooseIke(
  proposals: readonly Proposal[],
  keGroup: number,
  preferences: Preferences,
  spiLength: 0 | 8 = 0,
): Choice<IkeSuite> | undefined {
  const usable = proposalsOf(proposals, Protocol.IKE, spiLength);
  for (const cipher of preferences.ikeCiphers)
    for (const { from, set } of usable) {
      const picked = pickCipher(set, cipher);
      const prf = preferences.prfs.find(({ id }) => set.find(TransformType.PRF, id));
      const group = pickGroup(set, preferences.groups, keGroup);
      if (!picked || !prf || !group || set.has(TransformType.ESN)) continue;
      const others = [
        { type: TransformType.PRF, id: prf.id },
        { type: TransformType.DH, id: group.id },
      ];
      return { suite: { cipher, prf, group }, from, transforms: [...picked, ...others] };
    }
  return undefined;
}

/** `keGroup`: group of the KE payload, absent in IKE_AUTH where groups mean nothing (§1.2). */
export function chooseEsp(
  proposals: readonly Proposal[],
  keGroup: number | undefined,
  inIkeAuth: boolean,
  preferences: Preferences,
): Choice<ChildSuite> | undefined {
  const usable = proposalsOf(proposals, Protocol.ESP, 4);
  for (const esp of preferences.espSuites)
    for (const { from, set } of usable) {
      const picked = pickCipher(set, esp);
      const group = inIkeAuth ? undefined : pickGroup(set, preferences.groups, keGroup);
      const needsGroup = !inIkeAuth && !set.allowsNone(TransformType.DH);
      const sequence = pickSequenceNumbers(set, preferences.sequenceNumbers);
      if (!picked || (needsGroup && !group) || sequence === undefined) continue;
      if (set.has(TransformType.PRF)) continue;
      const others: KnownTransform[] = [{ type: TransformType.ESN, id: sequence }];
      if (group) others.unshift({ type: TransformType.DH, id: group.id });
      const isExtended = sequence === EXTENDED;
      const suite: ChildSuite = { esp, isExtended, ...(group ? { group } : {}) };
      return { suite, from, transforms: [...picked, ...others] };
    }
  return undefined;
}

/** The SA payload's one proposal that tells the peer what was chosen. */
export const answerProposal = <S>(choice: Choice<S>, spi: Uint8Array): Proposal => ({
  number: choice.from.number,
  protocol: choice.from.protocol,
  spi,
  transforms: choice.transforms.map(toTransform),
});

/** RFC 7296 §2.7: an answer is one proposal with one transform of each type, all from our offer. */
export function isFromOffer(offer: readonly Proposal[], answer: readonly Proposal[]): boolean {
  const [chosen, more] = answer;
  if (!chosen || more) return false;
  const own = offer.find((one) => one.number === chosen.number);
  const offered = own && TransformSet.of(own);
  const taken = TransformSet.of(chosen);
  if (!own || !offered || !taken || own.protocol !== chosen.protocol) return false;
  return Object.values(TransformType).every((type) => {
    const [one, second] = taken.of(type);
    if (!one) return !taken.has(type) && offered.allowsNone(type);
    // INTEG NONE with an AEAD is said aloud by some, though it was not in our offer
    const isNone = one.id === 0 && offered.allowsNone(type);
    return !second && (isNone || offered.find(type, one.id, one.keyBits) !== undefined);
  });
}
