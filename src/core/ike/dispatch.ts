/**
 * The way of a datagram: read it, find its IKE SA, check window and integrity, find its row, run it.
 * What fails a step is counted and dropped; only a proven peer gets an error for an answer.
 */
import { equal } from '../bytes/bytes.js';
import type { IkeContext } from './context.js';
import { admits, isFirstMessage } from './doorkeeper.js';
import { type Received, respondAndEnd, respondNotify } from './exchanges/common.js';
import { initRequested } from './exchanges/ike-sa-init-responder.js';
import { endForAnswer } from './exchanges/informational.js';
import { endAsPeerWants } from './exchanges/informational-responder.js';
import { answerUnprotected, noSuchSa } from './hints.js';
import type { IkeSa } from './ike-sa.js';
import { type Match, match } from './matcher.js';
import { type Head, headOfLaterVersion, type Message, readMessage } from './message.js';
import { initRequest, misfit } from './messages.js';
import { open } from './opening.js';
import { findNotify, type Payload, unknownCritical } from './payloads/payload.js';
import { Exchange, exchangeName } from './registries/exchanges.js';
import { NotifyType } from './registries/notifies.js';
import { payloadTypeName } from './registries/payload-types.js';
import type { Request } from './request-window.js';
import { endSa, transmitAll } from './sa-life.js';
import { isAuthenticated } from './states.js';
import type { Path } from './transport.js';

/** Takes a datagram without non-ESP marker. Never throws. */
export function receive(ctx: IkeContext, bytes: Uint8Array, path: Path): void {
  ctx.counters.count('messages received');
  if (isFirstMessage(bytes) && !ctx.isStopping && !admits(ctx, bytes, path)) return;
  const read = readMessage(bytes);
  if (!read.ok) {
    ctx.counters.count('malformed messages');
    ctx.log.debug(`${path.remote.address}: ${read.error}`);
    // §2.5: whoever speaks a later version learns from our header what we speak.
    const later = headOfLaterVersion(bytes);
    if (later) answerUnprotected(ctx, later, path, NotifyType.INVALID_MAJOR_VERSION);
    return;
  }
  const message = read.value;
  if (isFirst(message)) receiveFirst(ctx, message, path);
  else receiveWithin(ctx, message, path);
}

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

/** The only message that belongs to no IKE SA. */
const isFirst = ({ head }: Message): boolean =>
  head.exchange === Exchange.IKE_SA_INIT && !head.isResponse;

function receiveFirst(ctx: IkeContext, message: Message, path: Path): void {
  const { head, bytes, payloads } = message;
  if (ctx.isStopping) {
    ctx.counters.count('ignored while stopping');
    return;
  }
  const isPlausible =
    head.isFromInitiator &&
    head.messageId === 0 &&
    isZero(head.spiResponder) &&
    !isZero(head.spiInitiator);
  const wrong = isPlausible ? misfit(initRequest, payloads) : 'header';
  const critical = unknownCritical(payloads, (type) => ctx.extensions.knows(type));
  if (isPlausible && critical !== undefined) {
    ctx.counters.count('unexpected messages');
    const type = Uint8Array.of(critical);
    answerUnprotected(ctx, head, path, NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD, type);
  } else if (wrong) {
    ctx.counters.count('unexpected messages');
    ctx.log.debug(`${path.remote.address}: IKE_SA_INIT request: ${wrong}`);
  } else if (ctx.turns.isFull('stranger')) ctx.counters.count('messages put off');
  else ctx.turns.run('stranger', () => initRequested(ctx, { head, bytes, payloads, path }));
}

/** Finds the IKE SA of a message by our SPI; the peer's must fit too, once it is known. */
function findSa(ctx: IkeContext, { head }: Message): IkeSa | undefined {
  const [own, others] = head.isFromInitiator
    ? [head.spiResponder, head.spiInitiator]
    : [head.spiInitiator, head.spiResponder];
  const sa = ctx.sas.bySpi(own);
  const fits =
    sa &&
    (sa.role === 'responder') === head.isFromInitiator &&
    (sa.state === 'INIT_SENT' || equal(others, sa.spiPeer));
  return fits ? sa : undefined;
}

function receiveWithin(ctx: IkeContext, message: Message, path: Path): void {
  const sa = findSa(ctx, message);
  if (!sa) noSuchSa(ctx, message, path);
  else if (message.head.isResponse) receiveResponse(ctx, sa, message, path);
  else receiveRequest(ctx, sa, message, path);
}

/** Why an answer can not be taken, or its row. */
function rowForResponse(
  ctx: IkeContext,
  sa: IkeSa,
  exchange: number,
  payloads: readonly Payload[] | { error: string },
): Match {
  if ('error' in payloads) return { ok: false, why: payloads.error };
  const critical = unknownCritical(payloads, (type) => ctx.extensions.knows(type));
  if (critical !== undefined)
    return { ok: false, why: `critical payload ${payloadTypeName(critical)}` };
  return match(sa.state, exchange, true, payloads);
}

/** What is inside a message costs a decryption at least, and a key exchange most of the time. */
function inTurn(ctx: IkeContext, sa: IkeSa, work: () => void): void {
  const rank = sa.role === 'initiator' || isAuthenticated(sa.state) ? 'peer' : 'stranger';
  if (ctx.turns.isFull(rank)) ctx.counters.count('messages put off');
  else ctx.turns.run(rank, work);
}

/** Our request that a message answers, as long as it has no answer. */
function requestOf(ctx: IkeContext, sa: IkeSa, { head }: Message): Request | undefined {
  const request = sa.requests.pending(head.messageId, head.exchange);
  if (!request) ctx.counters.count('messages outside the window');
  return request;
}

function receiveResponse(ctx: IkeContext, sa: IkeSa, message: Message, path: Path): void {
  if (requestOf(ctx, sa, message)) inTurn(ctx, sa, () => takeResponse(ctx, sa, message, path));
}

function takeResponse(ctx: IkeContext, sa: IkeSa, message: Message, path: Path): void {
  const { head, bytes } = message;
  const request = requestOf(ctx, sa, message);
  if (!request) return;
  const payloads = sa.state === 'INIT_SENT' ? message.payloads : open(ctx, sa, message)?.payloads;
  if (!payloads) return;
  const name = exchangeName(head.exchange);
  const found = rowForResponse(ctx, sa, head.exchange, payloads);
  if (!found.ok || 'error' in payloads) {
    const why = found.ok ? '' : found.why;
    ctx.counters.count('unexpected messages');
    ctx.log.debug(`${sa.name}: ${name} response: ${why}`);
    // Only what the peer has protected may end anything.
    if (message.sealed) endForAnswer(ctx, sa, head.messageId, `${name} response: ${why}`);
    return;
  }
  heard(ctx, sa);
  if (isAuthenticated(sa.state) && findNotify(payloads, NotifyType.INVALID_SYNTAX)) {
    // §2.21.3: fatal at both ends, so the peer has none of it any more.
    void endAsPeerWants(ctx, sa, 'a request of ours made no sense to the peer');
    return;
  }
  const { row } = found;
  ctx.log.debug(`${sa.name}: ${name} response: ${row.story}`);
  if (!row.keepsRequest) sa.requests.complete(head.messageId);
  run(ctx, sa, () => row.run(ctx, sa, { head, bytes, payloads, path }, request));
}

/** An authentic message came. (In INIT_SENT it is not authentic, and neither value is used yet.) */
function heard(ctx: IkeContext, sa: IkeSa): void {
  sa.heardMs = ctx.clock.monotonicMs();
  sa.isDoubtful = false;
}

/** Waits for the owner, and he for DNS. IKE_AUTH does too, but `half-open.ts` counts that. */
const asksOwner = ({ exchange }: Head): boolean => exchange === Exchange.CREATE_CHILD_SA;

function receiveRequest(ctx: IkeContext, sa: IkeSa, message: Message, path: Path): void {
  if (!isSettled(ctx, sa, message, path))
    inTurn(ctx, sa, () => takeRequest(ctx, sa, message, path));
}

/** What needs no look inside: repetitions, and what is outside the window or without room. */
function isSettled(ctx: IkeContext, sa: IkeSa, message: Message, path: Path): boolean {
  const { head, bytes, sealed } = message;
  const arrival = sa.responses.classify(head.messageId, bytes, sealed?.fragment);
  if (arrival.kind === 'repeated') answerAgain(ctx, sa, head, path);
  else if (arrival.kind === 'busy') ctx.counters.count('requests while busy');
  else if (arrival.kind === 'outside' || sa.state === 'GONE')
    ctx.counters.count('messages outside the window');
  else if (asksOwner(head) && !ctx.workload.hasRoomFor(sa.responses.busy))
    ctx.counters.count('messages put off');
  else return false;
  return true;
}

function answerAgain(ctx: IkeContext, sa: IkeSa, { messageId }: Head, path: Path): void {
  ctx.counters.count('repeated requests');
  const response = sa.responses.repeat(messageId);
  if (!response) return;
  ctx.keeper.beforeSending(sa);
  transmitAll(ctx, response, path);
}

/** The first fragment of an answered request, cut anew: the peer has no answer yet, if it is the peer. */
function answerCutAnew(ctx: IkeContext, sa: IkeSa, { sealed, head }: Message, path: Path): void {
  const { aad, body } = sealed!;
  const isAuthentic = sa.keys && sa.suite!.cipher.open({ keys: sa.peerKeys!, aad, body });
  if (isAuthentic) answerAgain(ctx, sa, head, path);
  else ctx.counters.count('forged messages');
}

/** A new request within the window, unless it came twice and waited for its turn twice. */
function takeRequest(ctx: IkeContext, sa: IkeSa, message: Message, path: Path): void {
  if (isSettled(ctx, sa, message, path)) return;
  const { head, bytes, sealed } = message;
  if (sa.responses.classify(head.messageId, bytes, sealed?.fragment).kind === 'cut anew') {
    answerCutAnew(ctx, sa, message, path);
    return;
  }
  const inside = open(ctx, sa, message);
  if (!inside) return;
  const { payloads, datagram } = inside;
  if (sa.responses.isNewest(head.messageId)) followPeer(sa, path);
  sa.responses.begin(head.messageId, datagram);
  heard(ctx, sa);
  const received: Received = { head, bytes, payloads: 'error' in payloads ? [] : payloads, path };
  if ('error' in payloads) {
    ctx.counters.count('malformed messages');
    respondAndEnd(ctx, sa, received, NotifyType.INVALID_SYNTAX, payloads.error);
    return;
  }
  const critical = unknownCritical(payloads, (type) => ctx.extensions.knows(type));
  if (critical !== undefined) {
    const type = Uint8Array.of(critical);
    respondNotify(ctx, sa, received, NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD, type);
    // §2.21.2: in IKE_AUTH, the IKE SA does not come to be.
    if (!isAuthenticated(sa.state)) void endSa(ctx, sa, 'expired', 'unknown critical payload');
    return;
  }
  runRow(ctx, sa, received);
}

/**
 * A peer behind a NAT is where its newest authentic request came from (§2.23); so is one that has just
 * moved to port 4500 for IKE_AUTH. To another address only behind a NAT: who has no NAT counts as the
 * owner of its address, and has shown in IKE_SA_INIT alone that it hears what is sent there. The kernel's
 * SAs stay as they are.
 */
function followPeer(sa: IkeSa, path: Path): void {
  const isAtSameAddress = path.remote.address === sa.path.remote.address;
  if (sa.nat.peer || (sa.state === 'INIT_ANSWERED' && isAtSameAddress)) sa.path = path;
}

function runRow(ctx: IkeContext, sa: IkeSa, message: Received): void {
  const { head, payloads } = message;
  const name = exchangeName(head.exchange);
  const found = match(sa.state, head.exchange, false, payloads);
  if (!found.ok) {
    ctx.counters.count('unexpected messages');
    ctx.log.debug(`${sa.name}: ${name} request ${head.messageId}: ${found.why}`);
    respondAndEnd(ctx, sa, message, NotifyType.INVALID_SYNTAX, found.why);
    return;
  }
  ctx.log.debug(`${sa.name}: ${name} request ${head.messageId}: ${found.row.story}`);
  run(ctx, sa, () => found.row.run(ctx, sa, message, undefined));
}

/** A handler that throws is our bug: the SA ends, the daemon goes on. */
function run(ctx: IkeContext, sa: IkeSa, handler: () => void | Promise<void>): void {
  const failed = (error: unknown) => {
    const stack = error instanceof Error ? (error.stack ?? '') : '';
    ctx.log.error(`${sa.name}: internal error: ${String(error)} ${stack}`);
    sa.attempt?.fail('internal', `internal error: ${String(error)}`);
    void endSa(ctx, sa, isAuthenticated(sa.state) ? 'deleted by us' : 'expired', 'internal error');
  };
  try {
    handler()?.catch(failed);
  } catch (error) {
    failed(error);
  }
}
