/**
 * IKE_SA_INIT as responder (RFC 7296 §1.2, §2.6). Whoever sends it is a stranger, perhaps with a
 * forged address: first what costs nothing, then what costs memory; the costly mathematics waits
 * until the peer comes back with IKE_AUTH.
 */
import { equal, uintBytes } from '../../bytes/bytes.js';
import type { IkeContext } from '../context.js';
import type { IkeSa } from '../ike-sa.js';
import { writeMessage } from '../message.js';
import { find, findNotify, notifyPayload, type Payload } from '../payloads/payload.js';
import { answerProposal, type Choice, chooseIke, type IkeSuite } from '../proposals/choose.js';
import { Exchange } from '../registries/exchanges.js';
import { NotifyType } from '../registries/notifies.js';
import { createSa, endSa, enter, transmit } from '../sa-life.js';
import { whole } from '../sealed.js';
import type { Received } from './common.js';
import { NONCE_LENGTH } from './ike-sa-init-initiator.js';

/** An answer that leaves no state behind (§2.6, §2.21.1). */
function answerStateless(ctx: IkeContext, message: Received, notify: Payload): void {
  const head = { ...message.head, isFromInitiator: false, isResponse: true, messageId: 0 };
  transmit(ctx, writeMessage(head, [notify]), message.path);
}

/** True when the message was sent before: it is answered again, or passed over. */
function isRepeated(ctx: IkeContext, message: Received): boolean {
  const known = ctx.sas.byInit(message.head.spiInitiator, message.path);
  if (!known) return false;
  // A different message with the same SPI is nobody's retransmission (§2.1).
  if (known.state !== 'INIT_ANSWERED' || !equal(known.init.request, message.bytes)) return true;
  ctx.counters.count('repeated requests');
  transmit(ctx, known.init.response, message.path);
  return true;
}

/** Has the stranger shown what it must show while we are under load? */
function hasCookie(ctx: IkeContext, message: Received): boolean {
  if (!ctx.halfOpen.demandsCookie(message.path.remote.address)) return true;
  const claim = {
    ni: find(message.payloads, 'Nonce')!.data,
    address: message.path.remote.address,
    spiInitiator: message.head.spiInitiator,
  };
  const cookie = findNotify(message.payloads, NotifyType.COOKIE)?.data;
  if (cookie && ctx.cookies.isGood(cookie, claim)) return true;
  ctx.counters.count(cookie ? 'wrong cookies' : 'cookies demanded');
  answerStateless(ctx, message, notifyPayload(NotifyType.COOKIE, ctx.cookies.make(claim)));
  return false;
}

/** The suite, or an answer that says why there is none. */
function choose(ctx: IkeContext, message: Received): Choice<IkeSuite> | undefined {
  const { proposals } = find(message.payloads, 'SA')!;
  const ke = find(message.payloads, 'KE')!;
  const choice = chooseIke(proposals, ke.group, ctx.preferences);
  if (!choice) {
    ctx.counters.count('no proposal chosen');
    answerStateless(ctx, message, notifyPayload(NotifyType.NO_PROPOSAL_CHOSEN));
    return undefined;
  }
  const { group } = choice.suite;
  if (group.id === ke.group && ke.data.length === group.publicLength) return choice;
  ctx.counters.count('wrong key exchange group');
  const wanted = uintBytes(group.id, 2);
  answerStateless(ctx, message, notifyPayload(NotifyType.INVALID_KE_PAYLOAD, wanted));
  return undefined;
}

/** A stranger's first message. */
export function initRequested(ctx: IkeContext, message: Received): void {
  if (ctx.isStopping || isRepeated(ctx, message)) return;
  const { address } = message.path.remote;
  if (!ctx.halfOpen.hasRoomFor(address) || ctx.sas.size >= ctx.limits.maxSas) {
    ctx.counters.count('half-open limit reached');
    return;
  }
  const { path, head, payloads } = message;
  const unwanted = ctx.extensions.admits({ path, spiInitiator: head.spiInitiator, payloads });
  if (unwanted) {
    ctx.counters.count('vetoes');
    ctx.log.debug(`${address}: ${unwanted.why}`);
    return;
  }
  if (!hasCookie(ctx, message)) return;
  const choice = choose(ctx, message);
  if (!choice) return;
  const sa = createSa(ctx, 'responder', message.path);
  sa.spiPeer = message.head.spiInitiator;
  const veto = ctx.extensions.incoming('IKE_SA_INIT request', sa, message.payloads);
  if (veto) {
    ctx.counters.count('vetoes');
    ctx.log.debug(`${sa.name}: ${veto.why}`);
    return;
  }
  answer(ctx, sa, message, choice);
}

function answer(ctx: IkeContext, sa: IkeSa, message: Received, choice: Choice<IkeSuite>): void {
  const { suite } = choice;
  const pair = ctx.keyPairs.take(suite.group);
  sa.suite = suite;
  sa.keyExchange = {
    group: suite.group,
    pair,
    peerPublic: find(message.payloads, 'KE')!.data,
  };
  sa.init.ni = find(message.payloads, 'Nonce')!.data;
  sa.init.nr = ctx.random(NONCE_LENGTH);
  sa.init.request = message.bytes;
  sa.init.response = writeMessage(sa.head(Exchange.IKE_SA_INIT, true, 0), [
    { kind: 'SA', proposals: [answerProposal(choice, new Uint8Array(0))] },
    { kind: 'KE', group: suite.group.id, data: pair.publicKey },
    { kind: 'Nonce', data: sa.init.nr },
    ...ctx.extensions.outgoing('IKE_SA_INIT response', sa, message.payloads),
  ]);
  // Message ID 0 is taken; the next request that we expect is IKE_AUTH with 1.
  sa.responses.begin(0, message.bytes);
  sa.responses.finish(0, whole(sa.init.response));
  ctx.sas.add(sa);
  enter(ctx, sa, 'INIT_ANSWERED', 'a peer called');
  sa.timers.set('half-open', ctx.limits.halfOpenMs, () => {
    ctx.counters.count('half-open expired');
    void endSa(ctx, sa, 'expired', 'half-open for too long');
  });
  transmit(ctx, sa.init.response, message.path);
  // SP-6. Whoever sends first messages with forged addresses shall not make us ask for all of them.
  if (ctx.halfOpen.count > ctx.limits.foreseenCallers) return;
  const { local, remote } = message.path;
  ctx.owner.called?.({ address: remote.address, local: local.address });
}
