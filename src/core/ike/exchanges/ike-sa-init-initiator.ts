/** IKE_SA_INIT as initiator (RFC 7296 §1.2, §2.6, §2.7): nothing in it is authenticated yet. */
import type { Attempt } from '../attempt.js';
import type { IkeContext } from '../context.js';
import type { DhGroup } from '../crypto/dh.js';
import { dhGroupById } from '../crypto/dh-groups.js';
import type { IkeSa } from '../ike-sa.js';
import { writeMessage } from '../message.js';
import { find, findAll, findNotify, notifyPayload, type Payload } from '../payloads/payload.js';
import { chooseIke, type IkeSuite, isFromOffer } from '../proposals/choose.js';
import { ikeOffer } from '../proposals/offer.js';
import { Exchange } from '../registries/exchanges.js';
import { isErrorNotify, NotifyType, notifyName } from '../registries/notifies.js';
import { createSa, endSa, enter } from '../sa-life.js';
import { untilPatienceEnds } from '../schedule.js';
import { whole } from '../sealed.js';
import { NAT_PORT } from '../transport.js';
import type { Received } from './common.js';
import { sendAuth } from './ike-auth-initiator.js';

/** Our nonces: as long as the key of the strongest PRF needs (RFC 7296 §2.10 asks for half of it). */
export const NONCE_LENGTH = 32;

/** Starts an IKE SA for a wish. */
export function startInit(ctx: IkeContext, attempt: Attempt): IkeSa {
  const { local, remote, firstPort: port = ctx.firstPort, facts = [] } = attempt.wish;
  const sa = createSa(ctx, 'initiator', {
    local: { address: local, port },
    remote: { address: remote, port },
  });
  sa.attempt = attempt;
  sa.isAlone = attempt.wish.isAlone === true;
  for (const [name, fact] of facts) sa.facts.set(name, fact);
  sa.init.ni = ctx.random(NONCE_LENGTH);
  takeKeyPair(ctx, sa, ctx.preferences.groups[0]!);
  ctx.sas.add(sa);
  enter(ctx, sa, 'INIT_SENT', 'a tunnel is wanted');
  sa.requests.send({
    exchange: Exchange.IKE_SA_INIT,
    schedule: untilPatienceEnds,
    // Never in fragments (RFC 7383 §2.2).
    build: () => whole(buildRequest(ctx, sa)),
    gaveUp: () => undefined,
  });
  return sa;
}

function takeKeyPair(ctx: IkeContext, sa: IkeSa, group: DhGroup): void {
  sa.keyExchange = { group, pair: ctx.keyPairs.take(group) };
}

/** Message ID 0, also with a cookie or another group (§2.1, §2.6). */
function buildRequest(ctx: IkeContext, sa: IkeSa): Uint8Array {
  const { group, pair } = sa.keyExchange!;
  const payloads: Payload[] = [
    ...(sa.initRetry.cookie ? [notifyPayload(NotifyType.COOKIE, sa.initRetry.cookie)] : []),
    { kind: 'SA', proposals: ikeOffer(ctx.preferences) },
    { kind: 'KE', group: group.id, data: pair.publicKey },
    { kind: 'Nonce', data: sa.init.ni },
    ...ctx.extensions.outgoing('IKE_SA_INIT request', sa),
  ];
  sa.init.request = writeMessage(sa.head(Exchange.IKE_SA_INIT, false, 0), payloads);
  return sa.init.request;
}

/** An unprotected message is a hint at best (OE-45): the request goes on being sent. */
function takeHint(ctx: IkeContext, sa: IkeSa, what: string): void {
  ctx.counters.count('unauthenticated refusals');
  ctx.log.debug(`${sa.name}: ${what}, not proven, the attempt goes on`);
  if (sa.attempt) sa.attempt.hint = what;
}

function mayRetry(ctx: IkeContext, sa: IkeSa, why: string): boolean {
  if (sa.initRetry.count < ctx.limits.maxInitRetries) {
    sa.initRetry.count++;
    return true;
  }
  takeHint(ctx, sa, `${why} again and again`);
  return false;
}

/** §2.6: the same request again, with the cookie as its first payload. */
export function retryWithCookie(ctx: IkeContext, sa: IkeSa, message: Received): void {
  const cookie = findNotify(message.payloads, NotifyType.COOKIE)!.data;
  // §2.6: 1 to 64 bytes
  if (cookie.length < 1 || cookie.length > 64 || !mayRetry(ctx, sa, 'COOKIE')) return;
  sa.initRetry.cookie = cookie;
  enter(ctx, sa, 'INIT_SENT', 'the responder wants a cookie');
  sa.requests.rebuild(message.head.messageId);
}

/** §1.2: the responder takes our proposal, but with another group, of those that we offered. */
export function retryWithGroup(ctx: IkeContext, sa: IkeSa, message: Received): void {
  const { data } = findNotify(message.payloads, NotifyType.INVALID_KE_PAYLOAD)!;
  const group = data.length === 2 ? dhGroupById(data[0]! * 256 + data[1]!) : undefined;
  const isNews = group && group.id !== sa.keyExchange?.group.id;
  if (!isNews || !ctx.preferences.groups.includes(group)) {
    takeHint(ctx, sa, 'INVALID_KE_PAYLOAD without a group that we offered');
    return;
  }
  if (!mayRetry(ctx, sa, 'INVALID_KE_PAYLOAD')) return;
  takeKeyPair(ctx, sa, group);
  enter(ctx, sa, 'INIT_SENT', `the responder wants ${group.name}`);
  sa.requests.rebuild(message.head.messageId);
}

export function noteRefusal(ctx: IkeContext, sa: IkeSa, message: Received): void {
  const refusal = findAll(message.payloads, 'N').find(({ type }) => isErrorNotify(type))!;
  takeHint(ctx, sa, `unprotected ${notifyName(refusal.type)}`);
}

/** The suite of an answer, if it is a choice from our offer and its KE fits. */
function suiteOf(ctx: IkeContext, sa: IkeSa, message: Received): IkeSuite | undefined {
  const { proposals } = find(message.payloads, 'SA')!;
  const { group } = find(message.payloads, 'KE')!;
  if (!isFromOffer(ikeOffer(ctx.preferences), proposals)) return undefined;
  const suite = chooseIke(proposals, group, ctx.preferences)?.suite;
  const fits = suite?.group.id === group && sa.keyExchange?.group.id === group;
  return fits ? suite : undefined;
}

/** Takes the answer over into the SA; what is wrong with it, if anything. */
function accept(ctx: IkeContext, sa: IkeSa, message: Received): string | undefined {
  sa.suite = suiteOf(ctx, sa, message);
  if (!sa.suite) return 'IKE_SA_INIT response that is no choice from our offer';
  sa.spiPeer = message.head.spiResponder;
  if (sa.spiPeer.every((byte) => byte === 0)) return 'IKE_SA_INIT response without an SPI';
  const veto = ctx.extensions.incoming('IKE_SA_INIT response', sa, message.payloads);
  if (veto) ctx.counters.count('vetoes');
  if (veto) return veto.why;
  sa.init.nr = find(message.payloads, 'Nonce')!.data;
  sa.init.response = message.bytes;
  sa.keyExchange!.peerPublic = find(message.payloads, 'KE')!.data;
  return sa.deriveKeys(ctx.random) ? undefined : 'KE payload that is no member of its group';
}

export function initAnswered(ctx: IkeContext, sa: IkeSa, message: Received): void {
  const wrong = accept(ctx, sa, message);
  if (wrong) {
    sa.spiPeer = new Uint8Array(8);
    takeHint(ctx, sa, wrong);
    return;
  }
  if (sa.nat.we || sa.nat.peer) moveToNatPort(ctx, sa);
  sa.requests.complete(message.head.messageId);
  if (!sa.attempt || sa.attempt.isDone) void endSa(ctx, sa, 'deleted by us', 'nobody waits for it');
  else sendAuth(ctx, sa, sa.attempt);
}

/** RFC 7296 §2.23: behind a NAT everything from IKE_AUTH on goes over port 4500. */
function moveToNatPort(ctx: IkeContext, sa: IkeSa): void {
  const { local, remote } = sa.path;
  sa.path = {
    local: { address: local.address, port: NAT_PORT },
    remote: { address: remote.address, port: NAT_PORT },
  };
  ctx.log.debug(`${sa.name}: NAT ${sa.nat.we ? 'here' : 'there'}, moving to port ${NAT_PORT}`);
}
