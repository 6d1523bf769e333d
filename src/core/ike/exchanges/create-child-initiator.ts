/** CREATE_CHILD_SA for one more pair over an IKE SA that stands (RFC 7296 §1.3.1, OE-67). */
import type { Attempt } from '../attempt.js';
import { spiBytes } from '../child.js';
import { freshChildSpi } from '../child-life.js';
import type { IkeContext } from '../context.js';
import type { DhGroup } from '../crypto/dh.js';
import type { IkeSa } from '../ike-sa.js';
import { find, findNotify, type Payload } from '../payloads/payload.js';
import { espOffer } from '../proposals/offer.js';
import { Exchange } from '../registries/exchanges.js';
import { NotifyType } from '../registries/notifies.js';
import { untilPeerIsDead } from '../schedule.js';
import { askLater } from './ask-later.js';
import { type ChildOffer, finishChild } from './child-offer.js';
import { shapeOfWish, shapePayloads } from './child-traffic.js';
import { type Received, sealRequest } from './common.js';
import { errorNames } from './ike-auth-initiator.js';
import { NONCE_LENGTH } from './ike-sa-init-initiator.js';
import { idleWatch, peerIsDead } from './informational.js';
import { wantedGroup } from './rekey-retry.js';

/** With a key exchange of its own (OE-98). */
function makeOffer(ctx: IkeContext, sa: IkeSa, attempt: Attempt, group: DhGroup): ChildOffer {
  const spiIn = freshChildSpi(ctx, sa);
  return {
    attempt,
    spiIn,
    proposals: espOffer(ctx.preferences, spiBytes(spiIn), ctx.preferences.groups),
    shape: shapeOfWish(ctx, sa, attempt.wish),
    ni: ctx.random(NONCE_LENGTH),
    keyExchange: { group, pair: ctx.keyPairs.take(group) },
    inIkeAuth: false,
  };
}

const payloadsOf = (ctx: IkeContext, sa: IkeSa, offer: ChildOffer): Payload[] => [
  { kind: 'SA', proposals: offer.proposals },
  { kind: 'Nonce', data: offer.ni },
  {
    kind: 'KE',
    group: offer.keyExchange!.group.id,
    data: offer.keyExchange!.pair.publicKey,
  },
  ...shapePayloads('initiator', offer.shape),
  ...ctx.extensions.outgoing('CREATE_CHILD_SA request', sa),
];

/**
 * Asks for a tunnel within an IKE SA. A peer that stays mute for a while may have been restarted; a
 * fresh IKE SA is tried then for the same wish.
 */
export function startChild(
  ctx: IkeContext,
  sa: IkeSa,
  attempt: Attempt,
  wantedGroup?: DhGroup,
): void {
  let offer: ChildOffer;
  let sinceMs = 0;
  attempt.enter('QUEUED', sa);
  // Once only: a peer that refuses its own wish does not get a third try.
  const again = wantedGroup ? undefined : (group: DhGroup) => startChild(ctx, sa, attempt, group);
  sa.requests.send({
    exchange: Exchange.CREATE_CHILD_SA,
    schedule: untilPeerIsDead,
    // It may have an end by now, or look for another way since this IKE SA was in doubt.
    isWanted: () => !attempt.isDone && attempt.home === sa,
    build(messageId) {
      // Not earlier: with a hundred in line, the key pairs of all would delay the first one.
      offer = makeOffer(ctx, sa, attempt, wantedGroup ?? sa.suite!.group);
      sinceMs = ctx.clock.monotonicMs();
      attempt.enter('ASKED', sa);
      attempt.askedIn.add(sa);
      return sealRequest(sa, Exchange.CREATE_CHILD_SA, messageId, payloadsOf(ctx, sa, offer));
    },
    offeredSpi: () => offer.spiIn,
    answered(payloads) {
      attempt.askedIn.delete(sa);
      childAnswered(ctx, sa, offer, payloads, again);
    },
    gaveUp() {
      attempt.askedIn.delete(sa);
      ctx.doubt(sa);
      peerIsDead(ctx, sa);
    },
    repeated(sendings) {
      if (sendings < ctx.limits.doubtAfterSendings) return;
      // A peer that has answered others meanwhile is only slow with this one.
      if (sa.heardMs <= sinceMs) ctx.doubt(sa);
      sinceMs = ctx.clock.monotonicMs();
    },
  });
}

function childAnswered(
  ctx: IkeContext,
  sa: IkeSa,
  offer: ChildOffer,
  payloads: readonly Payload[],
  again: ((group: DhGroup) => void) | undefined,
): void {
  const message = { payloads } as Received;
  if (find(payloads, 'SA')) {
    const veto = ctx.extensions.incoming('CREATE_CHILD_SA response', sa, payloads);
    if (veto) {
      ctx.counters.count('vetoes');
      offer.attempt.fail('refused', veto.why);
    }
    void finishChild(ctx, sa, offer, message, find(payloads, 'Nonce')!.data);
    return;
  }
  const group = wantedGroup(ctx, payloads);
  if (group && again) {
    again(group);
    return;
  }
  if (findNotify(payloads, NotifyType.NO_ADDITIONAL_SAS)) {
    // A small peer may know no exchange for it (RFC 7296 §4); an IKE SA of its own brings one tunnel.
    sa.mostChildren = sa.children.size;
    ctx.dispatch(offer.attempt);
    return;
  }
  if (findNotify(payloads, NotifyType.TEMPORARY_FAILURE) && askLater(ctx, sa, offer.attempt))
    return;
  const why = `the peer is proven and refuses the tunnel: ${errorNames(message)}`;
  offer.attempt.fail('refused', why);
  idleWatch(ctx, sa);
}
