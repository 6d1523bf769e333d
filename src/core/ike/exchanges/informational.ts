/**
 * INFORMATIONAL as initiator (RFC 7296 §1.4): deletes of Child SAs and of the IKE SA, the empty
 * message that asks whether the peer lives, and errors about the IKE SA itself.
 */
import { type Child, spiBytes } from '../child.js';
import { endChild, stopSending } from '../child-life.js';
import type { IkeContext } from '../context.js';
import type { TunnelEnd } from '../daemon.js';
import { type IkeSa, latest } from '../ike-sa.js';
import { find, notifyPayload, type Payload } from '../payloads/payload.js';
import { Exchange } from '../registries/exchanges.js';
import { NotifyType } from '../registries/notifies.js';
import { Protocol } from '../registries/protocols.js';
import { endSa, enter, watchIdle } from '../sa-life.js';
import { inHaste, type Schedule, threeTimes, untilPeerIsDead } from '../schedule.js';
import { isStanding } from '../states.js';
import { announceWindow, heedWindowSize } from '../window-size.js';
import { sealRequest } from './common.js';

export const deleteOfChildren = (spis: readonly number[]): Payload => ({
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
      isClosing: find(payloads, 'D') !== undefined,
      build(messageId) {
        const more = ctx.extensions.outgoing('INFORMATIONAL request', sa);
        return sealRequest(sa, Exchange.INFORMATIONAL, messageId, [...payloads, ...more]);
      },
      answered(answer) {
        heedWindowSize(ctx, sa, answer);
        if (sa.peer) ctx.extensions.incoming('INFORMATIONAL response', sa, answer);
        resolve(answer);
      },
      gaveUp: () => {
        peerIsDead(ctx, sa);
        const heir = latest(sa);
        // The tunnels that it deletes stand at the peer, in another IKE SA.
        if (!isLast && isStanding(heir.state) && find(payloads, 'D'))
          void inform(ctx, heir, payloads, schedule).then(resolve);
        else resolve(undefined);
      },
    });
  });
}

/** A request stayed unanswered: the IKE SA has failed with all in it (§2.4, SP-31). */
export function peerIsDead(ctx: IkeContext, sa: IkeSa): void {
  if (sa.state === 'GONE') return;
  if (isStanding(sa.state)) ctx.counters.count('dead peers');
  void endSa(ctx, sa, 'peer is dead', 'a request stayed unanswered');
}

/** An empty request: is the peer alive, and does it know this IKE SA (§2.4, SP-33)? */
export const probe = async (ctx: IkeContext, sa: IkeSa): Promise<boolean> =>
  (await inform(ctx, sa, [], untilPeerIsDead)) !== undefined;

/**
 * OE-126, OE-129: deletes one tunnel, naming our inbound SPI. It leaves the kernel when the peer has
 * answered, or when it stayed mute (OE-130).
 */
export async function deleteChild(ctx: IkeContext, child: Child, why: TunnelEnd): Promise<void> {
  if (!['UP', 'REKEYING', 'REPLACED'].includes(child.state)) return;
  child.state = 'DELETING';
  const answered = inform(ctx, child.ike, [deleteOfChildren([child.sa.inbound.spi])], threeTimes);
  void stopSending(ctx, child);
  await answered;
  await endChild(ctx, child, why);
  idleWatch(ctx, child.ike);
}

/**
 * OE-19: the kernel has dropped it at its hard limit. The peer is told, and nothing waits for its answer:
 * packets would be lost meanwhile, in place of being held.
 */
export async function expireChild(ctx: IkeContext, child: Child): Promise<void> {
  if (child.state !== 'DELETING') deleteSpi(ctx, child.ike, child.sa.inbound.spi);
  await endChild(ctx, child, 'expired');
  idleWatch(ctx, child.ike);
}

/** Tells the peer that a Child SA which it believes in is not here. */
export function deleteSpi(ctx: IkeContext, sa: IkeSa, spi: number): void {
  if (isStanding(sa.state)) void inform(ctx, sa, [deleteOfChildren([spi])], threeTimes);
}

/**
 * OE-57: deletes the IKE SA, and with it all its tunnels. The delete does not wait for answers to what
 * is out: the peer passes over what it finds unanswered (§2.25.2), and nothing follows the delete.
 */
export async function deleteSa(ctx: IkeContext, sa: IkeSa, why: string): Promise<void> {
  if (!isStanding(sa.state) && sa.state !== 'REKEYED') return;
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

/** IKE_AUTH is answered in DELETING, when nobody waits any more: what the peer has made of it goes. */
export function answeredTooLate(ctx: IkeContext, sa: IkeSa, answer: readonly Payload[]): void {
  sa.timers.cancel('late answer');
  const ended = () => endSa(ctx, sa, 'deleted by us', 'its answer came when nobody waited for it');
  // Without AUTH it is a refusal: the peer has nothing.
  if (find(answer, 'AUTH')) void inform(ctx, sa, [deleteOfSa], threeTimes, true).then(ended);
  else void ended();
}

/**
 * An answer of the peer can not be used: both ends do not have the same state any more, and start over
 * (§2.21).
 */
export function endForAnswer(ctx: IkeContext, sa: IkeSa, messageId: number, why: string): void {
  if (sa.state !== 'AUTH_SENT') {
    void deleteSa(ctx, sa, why);
    return;
  }
  sa.attempt?.fail('refused', why);
  enter(ctx, sa, 'DELETING', why);
  sa.requests.complete(messageId);
  const ended = () => endSa(ctx, sa, 'deleted by us', why);
  void inform(ctx, sa, [deleteOfSa], threeTimes, true).then(ended);
}

/** Deletes an IKE SA that has had no tunnel for a while. */
export function idleWatch(ctx: IkeContext, sa: IkeSa): void {
  if (!isStanding(sa.state)) return;
  watchIdle(ctx, sa, () => void deleteSa(ctx, sa, 'no tunnel needs it'));
}

/** §2.3: the window of a new IKE SA is one until something else is said within it. */
export function tellWindow(ctx: IkeContext, sa: IkeSa): void {
  const payloads = announceWindow(ctx);
  if (payloads.length > 0) void inform(ctx, sa, payloads, untilPeerIsDead);
}
