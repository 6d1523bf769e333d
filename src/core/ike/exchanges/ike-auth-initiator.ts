/** IKE_AUTH as initiator (RFC 7296 §1.2): who is it, and do we get the tunnel? */

import { watchAge } from '../age.js';
import type { Attempt } from '../attempt.js';
import { checkProof, describeFailure, proveOurselves } from '../authentication.js';
import {
  certificateRequests,
  certificatesToShow,
  readCertificates,
} from '../certificate-payloads.js';
import { spiBytes } from '../child.js';
import { freshChildSpi } from '../child-life.js';
import type { IkeContext } from '../context.js';
import { formatIdentity, type Identity, sameIdentity } from '../identity.js';
import type { IkeSa } from '../ike-sa.js';
import { contactOfInitiator, heedInitialContact } from '../initial-contact.js';
import { watchPeer } from '../liveness.js';
import { find, findAll, findNotify, type Payload } from '../payloads/payload.js';
import { espOffer } from '../proposals/offer.js';
import { Exchange } from '../registries/exchanges.js';
import { isErrorNotify, NotifyType, notifyName } from '../registries/notifies.js';
import { endSa, enter, serveWaiting } from '../sa-life.js';
import { untilPatienceEnds } from '../schedule.js';
import { announceWindow, openWindows } from '../window-size.js';
import { askLater } from './ask-later.js';
import { type ChildOffer, finishChild } from './child-offer.js';
import { shapeOfWish, shapePayloads } from './child-traffic.js';
import { type Received, sealRequest } from './common.js';
import { answeredTooLate, idleWatch, rejectPeer } from './informational.js';

export const idPayload = (kind: 'IDi' | 'IDr', { type, data }: Identity): Payload => ({
  kind,
  idType: type,
  data,
});

export const identityOf = ({ idType, data }: { idType: number; data: Uint8Array }): Identity => ({
  type: idType,
  data,
});

/** The offer for the Child SA of IKE_AUTH; it takes its keys from the nonces of IKE_SA_INIT. */
function firstChildOffer(ctx: IkeContext, sa: IkeSa, attempt: Attempt): ChildOffer {
  const spiIn = freshChildSpi(ctx, sa);
  return {
    attempt,
    spiIn,
    proposals: espOffer(ctx.preferences, spiBytes(spiIn), []),
    shape: shapeOfWish(ctx, sa, attempt.wish),
    ni: sa.init.ni,
    keyExchange: undefined,
    inIkeAuth: true,
  };
}

function firstChildPayloads(ctx: IkeContext, sa: IkeSa, attempt: Attempt): Payload[] {
  const offer = firstChildOffer(ctx, sa, attempt);
  sa.firstOffer = offer;
  return [{ kind: 'SA', proposals: offer.proposals }, ...shapePayloads('initiator', offer.shape)];
}

/** The IKE SA has keys; now both ends prove themselves, and the tunnel is asked for. */
export function sendAuth(ctx: IkeContext, sa: IkeSa, attempt: Attempt): void {
  const proof = proveOurselves(ctx, sa, attempt.wish);
  if (!proof.ok) {
    attempt.fail('refused', `the peer takes no signature that our key can make: ${proof.why}`);
    void endSa(ctx, sa, 'deleted by us', proof.why);
    return;
  }
  if (attempt.isChildless && !sa.takesChildless) {
    const why = 'the peer makes no IKE SA without a tunnel (RFC 6023)';
    attempt.fail('refused', why);
    void endSa(ctx, sa, 'deleted by us', why);
    return;
  }
  sa.ownIdentity = proof.identity;
  const payloads: Payload[] = [
    idPayload('IDi', proof.identity),
    ...certificatesToShow(proof.credential, sa.certificateRequests),
    ...certificateRequests(attempt.wish),
    ...(attempt.wish.identity ? [idPayload('IDr', attempt.wish.identity)] : []),
    { kind: 'AUTH', ...proof.auth },
    ...(attempt.isChildless ? [] : firstChildPayloads(ctx, sa, attempt)),
    ...contactOfInitiator(ctx, sa, attempt.wish),
    ...announceWindow(ctx),
    ...ctx.extensions.outgoing('IKE_AUTH request', sa),
  ];
  enter(ctx, sa, 'AUTH_SENT', 'IKE_SA_INIT is answered');
  sa.requests.send({
    exchange: Exchange.IKE_AUTH,
    schedule: untilPatienceEnds,
    build: (messageId) => sealRequest(sa, Exchange.IKE_AUTH, messageId, payloads),
    answered: (late) => answeredTooLate(ctx, sa, late),
    gaveUp: () => undefined,
  });
}

/** Says what is wrong with the peer's proof; with nothing wrong the IKE SA is established. */
function authenticate(ctx: IkeContext, sa: IkeSa, message: Received): string | undefined {
  const { wish } = sa.attempt!;
  const identity = identityOf(find(message.payloads, 'IDr')!);
  if (wish.identity && !sameIdentity(wish.identity, identity))
    return `it is ${formatIdentity(identity)}, not ${formatIdentity(wish.identity)}`;
  const auth = find(message.payloads, 'AUTH')!;
  const sent = readCertificates(message.payloads);
  const proof = checkProof(ctx, sa, { identity, auth, sent }, wish);
  if (!proof.ok) return describeFailure(identity, proof.why);
  sa.peer = proof.peer;
  return undefined;
}

/** OE-46: it is not who it should be. The peer is told; it believes the IKE SA stands. */
function notAuthentic(ctx: IkeContext, sa: IkeSa, why: string): void {
  ctx.counters.count('peers not authenticated');
  sa.attempt?.fail('signature', why);
  enter(ctx, sa, 'DELETING', why);
  rejectPeer(ctx, sa, why);
}

/** Proof and extensions; false when it ended here. */
function establish(ctx: IkeContext, sa: IkeSa, message: Received): boolean {
  const wrong = authenticate(ctx, sa, message);
  const veto = wrong
    ? undefined
    : ctx.extensions.incoming('IKE_AUTH response', sa, message.payloads);
  if (wrong) notAuthentic(ctx, sa, wrong);
  if (veto) {
    ctx.counters.count('vetoes');
    sa.attempt?.fail('refused', veto.why);
    enter(ctx, sa, 'DELETING', veto.why);
    rejectPeer(ctx, sa, veto.why);
  }
  if (wrong || veto) return false;
  enter(ctx, sa, 'ESTABLISHED', 'both ends are proven');
  openWindows(ctx, sa, message.payloads);
  watchPeer(ctx, sa);
  watchAge(ctx, sa);
  return true;
}

/** Both the IKE SA and its Child SA. */
export async function authAnswered(ctx: IkeContext, sa: IkeSa, message: Received): Promise<void> {
  const offer = sa.firstOffer;
  if (!offer) {
    authAnsweredWithoutChild(ctx, sa, message);
    return;
  }
  if (!establish(ctx, sa, message)) return;
  sa.attempt = undefined;
  const finishing = finishChild(ctx, sa, offer, message, sa.init.nr);
  serveWaiting(ctx, sa);
  await finishing;
  // Now, when the tunnel that stands in for those that go is there.
  heedInitialContact(ctx, sa, message.payloads);
}

/** OE-41: an IKE SA alone is no success. It is kept a while for other pairs. */
export function authAnsweredWithoutChild(ctx: IkeContext, sa: IkeSa, message: Received): void {
  const { attempt } = sa;
  if (!establish(ctx, sa, message)) return;
  sa.attempt = undefined;
  if (attempt?.isChildless) attempt.stands(sa);
  const isPutOff = findNotify(message.payloads, NotifyType.TEMPORARY_FAILURE) !== undefined;
  if (!isPutOff || !attempt || !askLater(ctx, sa, attempt))
    attempt?.fail('refused', `the peer is proven and refuses the tunnel: ${errorNames(message)}`);
  heedInitialContact(ctx, sa, message.payloads);
  serveWaiting(ctx, sa);
  idleWatch(ctx, sa);
}

export const errorNames = (message: Received): string =>
  findAll(message.payloads, 'N')
    .filter(({ type }) => isErrorNotify(type))
    .map(({ type }) => notifyName(type))
    .join(', ');

/** A refusal under the keys of this IKE SA. Those who wait for it would hear the same. */
export function authRefused(ctx: IkeContext, sa: IkeSa, message: Received): void {
  const names = errorNames(message);
  const isAboutUs = findAll(message.payloads, 'N').some(
    ({ type }) => type === NotifyType.AUTHENTICATION_FAILED,
  );
  const why = isAboutUs ? `the peer does not accept our proof (${names})` : `refused: ${names}`;
  for (const attempt of [sa.attempt, ...sa.waiting.splice(0)]) attempt?.fail('refused', why);
  void endSa(ctx, sa, 'deleted by peer', why);
}
