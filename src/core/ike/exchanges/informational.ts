/**
 * INFORMATIONAL, both roles (RFC 7296 §1.4): deletes of Child SAs and of the IKE SA, the empty
 * message that asks whether the peer lives, and errors about the IKE SA itself.
 */
import { type Child, spiBytes, spiNumber } from '../child.js';
import { endChild } from '../child-life.js';
import type { IkeContext } from '../context.js';
import type { TunnelEnd } from '../daemon.js';
import type { IkeSa } from '../ike-sa.js';
import { findAll, findNotify, notifyPayload, type Payload } from '../payloads/payload.js';
import { Exchange } from '../registries/exchanges.js';
import { NotifyType } from '../registries/notifies.js';
import { Protocol } from '../registries/protocols.js';
import { endSa, enter, watchIdle } from '../sa-life.js';
import { inHaste, type Schedule, threeTimes, untilPeerIsDead } from '../schedule.js';
import { heedWindowSize } from '../window-size.js';
import { type Received, respond, sealRequest } from './common.js';

const deleteOfChildren = (spis: readonly number[]): Payload => ({
  kind: 'D',
  protocol: Protocol.ESP,
  spis: spis.map(spiBytes),
});

const deleteOfSa: Payload = { kind: 'D', protocol: Protocol.IKE, spis: [] };

/** Sends payloads in an INFORMATIONAL request. Resolves with those of the answer, if one came. */
export function inform(
  ctx: IkeContext,
  sa: IkeSa,
  payloads: readonly Payload[],
  schedule: Schedule,
  isLast = false,
): Promise<readonly Payload[] | undefined> {
  return new Promise((resolve) => {
    sa.requests.send({
      exchange: Exchange.INFORMATIONAL,
      schedule,
      isLast,
      build(messageId) {
        const more = ctx.extensions.outgoing('INFORMATIONAL request', sa);
        return sealRequest(sa, Exchange.INFORMATIONAL, messageId, [...payloads, ...more]);
      },
      answered(answer) {
        heedWindowSize(ctx, sa, answer);
        ctx.extensions.incoming('INFORMATIONAL response', sa, answer);
        resolve(answer);
      },
      gaveUp: () => {
        resolve(undefined);
        peerIsDead(ctx, sa);
      },
    });
  });
}

/** A request stayed unanswered: the IKE SA has failed with all in it (§2.4, SP-31). */
export function peerIsDead(ctx: IkeContext, sa: IkeSa): void {
  if (sa.state === 'GONE') return;
  if (sa.state === 'ESTABLISHED') ctx.counters.count('dead peers');
  void endSa(ctx, sa, 'peer is dead', 'a request stayed unanswered');
}

/** An empty request: is the peer alive, and does it know this IKE SA (§2.4, SP-33)? */
export const probe = async (ctx: IkeContext, sa: IkeSa): Promise<boolean> =>
  (await inform(ctx, sa, [], untilPeerIsDead)) !== undefined;

/**
 * OE-126, OE-129: deletes one tunnel, naming our inbound SPI. It leaves the kernel when the peer has
 * answered, or when it stayed mute (OE-130).
 */
export async function deleteChild(
  ctx: IkeContext,
  sa: IkeSa,
  child: Child,
  why: TunnelEnd,
): Promise<void> {
  if (child.state !== 'UP') return;
  child.state = 'DELETING';
  await inform(ctx, sa, [deleteOfChildren([child.sa.inbound.spi])], threeTimes);
  await endChild(ctx, sa, child, why);
  idleWatch(ctx, sa);
}

/** Tells the peer that a Child SA which it believes in never came to be here. */
export function deleteSpi(ctx: IkeContext, sa: IkeSa, spi: number): void {
  if (sa.state === 'ESTABLISHED') void inform(ctx, sa, [deleteOfChildren([spi])], threeTimes);
}

/**
 * OE-57: deletes the IKE SA, and with it all its tunnels. The delete does not wait for answers to what
 * is out: the peer passes over what it finds unanswered (§2.25.2), and nothing follows the delete.
 */
export async function deleteSa(ctx: IkeContext, sa: IkeSa, why: string): Promise<void> {
  if (sa.state !== 'ESTABLISHED') return;
  enter(ctx, sa, 'DELETING', why);
  await inform(ctx, sa, [deleteOfSa], ctx.isStopping ? inHaste : threeTimes, true);
  await endSa(ctx, sa, 'deleted by us', why);
}

/** §2.21.2: an initiator that does not believe the responder says so in an exchange of its own. */
export function rejectPeer(ctx: IkeContext, sa: IkeSa, why: string): void {
  const refusal = notifyPayload(NotifyType.AUTHENTICATION_FAILED);
  const ended = () => endSa(ctx, sa, 'deleted by us', why);
  void inform(ctx, sa, [refusal], threeTimes, true).then(ended);
}

/** Deletes an IKE SA in DELETING that the peer may have and we have no use for. */
export async function abandon(ctx: IkeContext, sa: IkeSa, why: string): Promise<void> {
  await inform(ctx, sa, [deleteOfSa], threeTimes, true);
  await endSa(ctx, sa, 'deleted by us', why);
}

/** Deletes an IKE SA that has had no tunnel for a while. */
export function idleWatch(ctx: IkeContext, sa: IkeSa): void {
  if (sa.state !== 'ESTABLISHED') return;
  watchIdle(ctx, sa, () => void deleteSa(ctx, sa, 'no tunnel needs it'));
}

/** The tunnels that a peer's delete names. They are its inbound SPIs, so our outbound ones (§3.11). */
function named(sa: IkeSa, deletes: readonly (Payload & { kind: 'D' })[]): Child[] {
  const spis = new Set(
    deletes
      .filter((one) => one.protocol === Protocol.ESP)
      .flatMap((one) => one.spis.map(spiNumber)),
  );
  return [...sa.children].filter((child) => spis.has(child.sa.outbound.spi));
}

/**
 * OE-127: the inbound SAs go as well, and the answer says so; but not when our own delete of the
 * same tunnel is on its way, and not for what is not there (§1.4.1, OE-128).
 */
function answerDeletes(ctx: IkeContext, sa: IkeSa, message: Received): void {
  const gone = named(sa, findAll(message.payloads, 'D'));
  const inbound = gone
    .filter((child) => child.state !== 'DELETING')
    .map((child) => child.sa.inbound.spi);
  // Before the answer is kept: a daemon that finds it believes that the tunnels are gone
  for (const child of gone) void endChild(ctx, sa, child, 'deleted by peer');
  answer(ctx, sa, message, inbound.length > 0 ? [deleteOfChildren(inbound)] : []);
  idleWatch(ctx, sa);
}

function answer(ctx: IkeContext, sa: IkeSa, message: Received, payloads: readonly Payload[]): void {
  const more = ctx.extensions.outgoing('INFORMATIONAL response', sa, message.payloads);
  respond(ctx, sa, message, [...payloads, ...more]);
}

/** §1.5, from the peer itself: it has no SA for what we send through a tunnel, so that is none. */
function heedInvalidSpi(ctx: IkeContext, sa: IkeSa, message: Received): void {
  const { data } = findNotify(message.payloads, NotifyType.INVALID_SPI) ?? {};
  if (data?.length !== 4) return;
  for (const child of [...sa.children])
    if (child.sa.outbound.spi === spiNumber(data)) void deleteChild(ctx, sa, child, 'expired');
}

/** Any INFORMATIONAL request of the peer. */
export function informed(ctx: IkeContext, sa: IkeSa, message: Received): void {
  const veto = ctx.extensions.incoming('INFORMATIONAL request', sa, message.payloads);
  if (veto) {
    ctx.counters.count('vetoes');
    answer(ctx, sa, message, []);
    return;
  }
  heedWindowSize(ctx, sa, message.payloads);
  heedInvalidSpi(ctx, sa, message);
  const deletes = findAll(message.payloads, 'D');
  const failed = findNotify(message.payloads, NotifyType.AUTHENTICATION_FAILED) !== undefined;
  if (failed || deletes.some((one) => one.protocol === Protocol.IKE)) {
    sa.isEnding = true;
    answer(ctx, sa, message, []);
    const why = failed ? 'the peer does not accept our proof' : 'the peer deletes the IKE SA';
    void endSa(ctx, sa, 'deleted by peer', why);
  } else answerDeletes(ctx, sa, message);
}
