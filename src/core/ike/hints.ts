/**
 * What is said outside of any protection, by us and to us (RFC 7296 §1.5, §2.5, §2.21.4). Anybody can
 * forge it: so we say little of it, and what we hear makes us ask the peer under protection, at most
 * now and then (OE-51). A peer that lost its IKE SAs stays mute to that question and is dead then.
 */
import type { Clock } from '../platform/platform.js';
import { spiNumber } from './child.js';
import type { IkeContext } from './context.js';
import { probe } from './exchanges/informational.js';
import type { IkeSa } from './ike-sa.js';
import { type Head, type Message, writeMessage } from './message.js';
import { findNotify, notifyPayload, type Payload } from './payloads/payload.js';
import { Exchange } from './registries/exchanges.js';
import { NotifyType, notifyName } from './registries/notifies.js';
import { transmit } from './sa-life.js';
import type { Path } from './transport.js';

/** So many in each second, the rest not at all. */
export class RateLimit {
  #startMs = 0;
  #count = 0;

  constructor(
    private readonly clock: Clock,
    private readonly perSecond: number,
  ) {}

  /** False: it is too much. */
  take(): boolean {
    const now = this.clock.monotonicMs();
    if (now - this.#startMs >= 1000) {
      this.#startMs = now;
      this.#count = 0;
    }
    return ++this.#count <= this.perSecond;
  }
}

/** Answers a request without an IKE SA, with the SPIs and the message ID that it had. */
export function answerUnprotected(
  ctx: IkeContext,
  head: Head,
  path: Path,
  type: number,
  data?: Uint8Array,
): void {
  if (head.isResponse || ctx.isStopping || !ctx.unprotectedAnswers.take()) return;
  ctx.counters.count('unprotected answers');
  const { isFromInitiator } = head;
  const answer = { ...head, isFromInitiator: !isFromInitiator, isResponse: true };
  transmit(ctx, writeMessage(answer, [notifyPayload(type, data)]), path);
}

/** A message for an IKE SA that is not here (§2.21.4); or a hint about a tunnel (§1.5). */
export function noSuchSa(ctx: IkeContext, message: Message, path: Path): void {
  ctx.counters.count('messages for no SA');
  const { head, sealed, payloads } = message;
  if (sealed) answerUnprotected(ctx, head, path, NotifyType.INVALID_IKE_SPI);
  else if (head.exchange === Exchange.INFORMATIONAL) heedInvalidSpi(ctx, payloads, path);
}

/** §1.5: the notify holds the SPI of a packet of ours that the peer had no SA for. */
function heedInvalidSpi(ctx: IkeContext, payloads: readonly Payload[], path: Path): void {
  const data = findNotify(payloads, NotifyType.INVALID_SPI)?.data;
  if (data?.length !== 4) return;
  const spi = spiNumber(data);
  const { local, remote } = path;
  for (const sa of ctx.sas.withPeer(local.address, remote.address))
    if ([...sa.children].some((child) => child.sa.outbound.spi === spi))
      heedHint(ctx, sa, 'INVALID_SPI');
}

/** An unprotected message within an IKE SA: worth a question if it says that the SA is gone. */
export function unprotectedWithin(ctx: IkeContext, sa: IkeSa, { payloads }: Message): void {
  ctx.counters.count('unprotected messages');
  const { INVALID_IKE_SPI, INVALID_SPI } = NotifyType;
  const said = [INVALID_IKE_SPI, INVALID_SPI].find((type) => findNotify(payloads, type));
  if (said !== undefined) heedHint(ctx, sa, notifyName(said));
}

function heedHint(ctx: IkeContext, sa: IkeSa, what: string): void {
  ctx.counters.count('hints of a lost SA');
  const now = ctx.clock.monotonicMs();
  if (sa.state === 'AUTH_SENT') {
    callAgain(ctx, sa);
    return;
  }
  const isRecent = sa.hintedMs !== undefined && now - sa.hintedMs < ctx.limits.hintPauseMs;
  // What is out already tells as much as a question would.
  if (isRecent || sa.state !== 'ESTABLISHED' || !sa.requests.isIdle) return;
  sa.hintedMs = now;
  ctx.log.debug(`${sa.name}: unprotected ${what}; is the peer alive?`);
  void probe(ctx, sa);
}

/**
 * The peer may have been restarted between its two answers. The wish is tried with a fresh IKE SA, once;
 * an answer to this one is welcome yet.
 */
function callAgain(ctx: IkeContext, sa: IkeSa): void {
  const { attempt } = sa;
  if (!attempt || attempt.isDone || attempt.home !== sa) return;
  if (!ctx.sas.all().some((one) => one !== sa && one.attempt === attempt)) ctx.dispatch(attempt);
}
