/**
 * Rekey of the IKE SA as initiator (RFC 7296 §1.3.2, §2.8.2, §2.25.2). It is alone among exchanges that
 * make tunnels: those wait, and go over to the new IKE SA.
 */
import { isLower, lowerNonce } from '../collisions.js';
import type { IkeContext } from '../context.js';
import type { DhGroup, KeyPair } from '../crypto/dh.js';
import { dhGroupById } from '../crypto/dh-groups.js';
import { generateAgain } from '../crypto/key-pair-pool.js';
import type { RekeyResult } from '../daemon.js';
import { createHeir, establishHeir, type HeirTerms, inherit, leaveToPeer } from '../heir.js';
import type { IkeSa } from '../ike-sa.js';
import { endIfDead } from '../liveness.js';
import { renewAll } from '../lost-child.js';
import { find, findNotify, type Payload } from '../payloads/payload.js';
import { chooseIke, isFromOffer } from '../proposals/choose.js';
import { ikeOffer } from '../proposals/offer.js';
import { Exchange } from '../registries/exchanges.js';
import { NotifyType } from '../registries/notifies.js';
import type { Request, SavedRekey } from '../request-window.js';
import { enter, serveWaiting } from '../sa-life.js';
import { whileThePeerLives } from '../schedule.js';
import { type Received, sealRequest } from './common.js';
import { errorNames } from './ike-auth-initiator.js';
import { NONCE_LENGTH } from './ike-sa-init-initiator.js';
import { deleteSa } from './informational.js';
import { retryPauseMs, wantedGroup } from './rekey-retry.js';

/** One wish for new keys, until it has an end. */
interface Rekey {
  readonly sa: IkeSa;
  group: DhGroup;
  isGroupWanted: boolean;
  refusals: number;
  end(result: RekeyResult): void;
}

/** What a request has offered. */
interface Offer {
  heir: IkeSa;
  ni: Uint8Array;
  pair: KeyPair;
}

/** Never rejects. */
export function rekeySa(ctx: IkeContext, sa: IkeSa): Promise<RekeyResult> {
  return new Promise((end) => {
    ask(ctx, { sa, group: sa.suite!.group, isGroupWanted: false, refusals: 0, end });
  });
}

const no = (why: string): RekeyResult => ({ ok: false, why });

function ask(ctx: IkeContext, rekey: Rekey): void {
  const { sa } = rekey;
  let offer: Offer;
  sa.requests.send({
    exchange: Exchange.CREATE_CHILD_SA,
    schedule: whileThePeerLives,
    isAlone: true,
    isWanted: () => sa.state === 'ESTABLISHED',
    passedOver: () => rekey.end(overtaken(sa)),
    build(messageId) {
      enter(ctx, sa, 'REKEYING', 'new keys are wanted');
      const { group } = rekey;
      const heir = createHeir(ctx, sa, 'initiator');
      offer = { heir, ni: ctx.random(NONCE_LENGTH), pair: ctx.keyPairs.take(group) };
      return sealRequest(sa, Exchange.CREATE_CHILD_SA, messageId, [
        { kind: 'SA', proposals: ikeOffer(ctx.preferences, heir.spiOwn) },
        { kind: 'Nonce', data: offer.ni },
        { kind: 'KE', group: group.id, data: offer.pair.publicKey },
        ...ctx.extensions.outgoing('CREATE_CHILD_SA request', sa),
      ]);
    },
    rekey: () => kept(offer),
    answered: (payloads) => answered(ctx, rekey, offer, payloads),
    gaveUp: () => rekey.end(overtaken(sa)),
    repeated: (sendings) => void endIfDead(ctx, sa, sendings),
  });
}

const kept = ({ heir, ni, pair }: Offer): SavedRekey => ({
  spiOwn: heir.spiOwn,
  ni,
  group: pair.group,
  drawn: [...(pair.drawn ?? [])],
});

/** Goes on with a rekey whose request an earlier run of the daemon has sent; gives that request. */
export function resumeRekey(ctx: IkeContext, sa: IkeSa, saved: SavedRekey): Omit<Request, 'build'> {
  const group = dhGroupById(saved.group);
  if (!group) throw new Error(`group ${saved.group} is unknown`);
  const heir = createHeir(ctx, sa, 'initiator', saved.spiOwn);
  const offer: Offer = { heir, ni: saved.ni, pair: generateAgain(group, saved.drawn) };
  const end = () => undefined;
  const rekey: Rekey = { sa, group, isGroupWanted: false, refusals: 0, end };
  sa.state = 'REKEYING';
  return {
    exchange: Exchange.CREATE_CHILD_SA,
    schedule: whileThePeerLives,
    isAlone: true,
    rekey: () => kept(offer),
    answered: (payloads) => answered(ctx, rekey, offer, payloads),
    gaveUp: () => undefined,
    repeated: (sendings) => void endIfDead(ctx, sa, sendings),
  };
}

const overtaken = ({ heir }: IkeSa): RekeyResult =>
  heir ? { ok: true } : no('the IKE SA is on its way out');

function answered(ctx: IkeContext, rekey: Rekey, offer: Offer, payloads: readonly Payload[]): void {
  const { sa } = rekey;
  if (!find(payloads, 'SA')) {
    refused(ctx, rekey, payloads);
    return;
  }
  const veto = ctx.extensions.incoming('CREATE_CHILD_SA response', sa, payloads);
  if (veto) ctx.counters.count('vetoes');
  const terms = veto ? undefined : readAnswer(ctx, offer, payloads);
  if (!terms) {
    // The peer has gone over to something that we can not have.
    rekey.end(no(veto ? veto.why : 'its answer is no choice from our offer'));
    void deleteSa(ctx, sa, 'the rekey went wrong');
    return;
  }
  settle(ctx, sa, offer.heir, terms);
  rekey.end(overtaken(sa));
}

function readAnswer(
  ctx: IkeContext,
  { heir, ni, pair }: Offer,
  payloads: readonly Payload[],
): HeirTerms | undefined {
  const { proposals } = find(payloads, 'SA')!;
  const ke = find(payloads, 'KE');
  if (!ke || !isFromOffer(ikeOffer(ctx.preferences, heir.spiOwn), proposals)) return undefined;
  const choice = chooseIke(proposals, ke.group, ctx.preferences, 8);
  const shared = pair.shared(ke.data);
  const spiPeer = choice?.from.spi;
  const fits = choice?.suite.group.id === ke.group && ke.group === pair.group;
  if (!fits || !shared || !spiPeer || spiPeer.every((byte) => byte === 0)) return undefined;
  return { suite: choice.suite, spiPeer, shared, ni, nr: find(payloads, 'Nonce')!.data };
}

/** §2.8.2: of two new ones, that with the lowest nonce goes, by the end that has made it. */
function settle(ctx: IkeContext, sa: IkeSa, ours: IkeSa, terms: HeirTerms): void {
  const theirs = sa.heir;
  establishHeir(ctx, ours, sa, terms);
  if (sa.state !== 'REKEYING') {
    void deleteSa(ctx, ours, 'the IKE SA that it replaces is on its way out');
  } else if (theirs && isLower(lowerNonce(terms.ni, terms.nr), theirs.nonce!)) {
    inherit(ctx, sa, theirs);
    leaveToPeer(ctx, sa);
    const deleted = deleteSa(ctx, ours, 'both ends have rekeyed at once');
    void deleted.then(() => renewAll(ctx, theirs));
  } else {
    if (theirs) theirs.replaces = undefined;
    ctx.counters.count('IKE rekeys as initiator');
    inherit(ctx, sa, ours);
    leave(ctx, sa);
  }
}

/** Deletes waiting for an answer are about tunnels that live on elsewhere: they go first. */
const LOOK_AGAIN_MS = 500;

function leave(ctx: IkeContext, sa: IkeSa): void {
  if (sa.requests.isIdle) void deleteSa(ctx, sa, 'it is rekeyed');
  else sa.timers.set('leave', LOOK_AGAIN_MS, () => leave(ctx, sa));
}

/** The answer is an error. */
function refused(ctx: IkeContext, rekey: Rekey, payloads: readonly Payload[]): void {
  const { sa } = rekey;
  if (sa.state !== 'REKEYING') {
    rekey.end(overtaken(sa));
    return;
  }
  if (sa.heir) {
    // The peer was first, and had no need to notice (§2.8.2).
    inherit(ctx, sa, sa.heir);
    leaveToPeer(ctx, sa);
    rekey.end({ ok: true });
    return;
  }
  enter(ctx, sa, 'ESTABLISHED', 'new keys are refused');
  const isAskedAgain = askDifferently(ctx, rekey, payloads);
  serveWaiting(ctx, sa);
  if (!isAskedAgain)
    rekey.end(no(`the peer refuses new keys: ${errorNames({ payloads } as Received)}`));
}

function askDifferently(ctx: IkeContext, rekey: Rekey, payloads: readonly Payload[]): boolean {
  const wanted = wantedGroup(ctx, payloads);
  if (findNotify(payloads, NotifyType.TEMPORARY_FAILURE)) {
    const pauseMs = retryPauseMs(ctx, ++rekey.refusals);
    if (pauseMs === undefined) return false;
    ctx.timers.after(pauseMs, () => ask(ctx, rekey));
    return true;
  }
  if (!wanted || rekey.isGroupWanted) return false;
  rekey.group = wanted;
  rekey.isGroupWanted = true;
  ask(ctx, rekey);
  return true;
}
