/** INFORMATIONAL as responder (RFC 7296 §1.4): deletes of the peer, and whatever else it tells. */
import { type Child, spiNumber } from '../child.js';
import { endChild } from '../child-life.js';
import { deletesInReturn } from '../collisions.js';
import type { IkeContext } from '../context.js';
import { inherit } from '../heir.js';
import type { IkeSa } from '../ike-sa.js';
import { findAll, findNotify, type Payload } from '../payloads/payload.js';
import { Exchange } from '../registries/exchanges.js';
import { NotifyType } from '../registries/notifies.js';
import { Protocol } from '../registries/protocols.js';
import { endSa } from '../sa-life.js';
import { heedWindowSize } from '../window-size.js';
import { type Received, respond } from './common.js';
import { deleteChild, deleteOfChildren, idleWatch, tellWindow } from './informational.js';

/** A peer that deletes more than it can have offered makes no sense. */
const MAX_EARLY = 64;

/** The tunnels that a peer's delete names. They are its inbound SPIs, so our outbound ones (§3.11). */
const spisOf = (deletes: readonly (Payload & { kind: 'D' })[]): Set<number> =>
  new Set(
    deletes
      .filter((one) => one.protocol === Protocol.ESP)
      .flatMap((one) => one.spis.map(spiNumber)),
  );

/** It, those that have come in its place one after the other, and the one before it. */
function* lineOf(sa: IkeSa): Iterable<IkeSa> {
  if (sa.replaces) yield sa.replaces;
  for (let each: IkeSa | undefined = sa; each; each = each.heir) yield each;
}

function named(sa: IkeSa, spis: ReadonlySet<number>): Child[] {
  // Where the IKE SA is rekeyed at the same time, the ends may have moved the tunnels one after the other.
  const all = [...lineOf(sa)].flatMap(({ children }) => [...children]);
  return all.filter((child) => spis.has(child.sa.outbound.spi));
}

/** An answer with these tunnels may be on its way: the peer believes that we have them. */
function noteEarly({ requests, earlyDeletes }: IkeSa, spis: ReadonlySet<number>): void {
  if (!requests.isOut(Exchange.CREATE_CHILD_SA)) earlyDeletes.clear();
  else for (const spi of spis) if (earlyDeletes.size < MAX_EARLY) earlyDeletes.add(spi);
}

/**
 * OE-127: the inbound SAs go as well, and the answer says so; but not when our own delete of the
 * same tunnel is on its way, and not for what is not there (§1.4.1, OE-128).
 */
function answerDeletes(ctx: IkeContext, sa: IkeSa, message: Received): void {
  const spis = spisOf(findAll(message.payloads, 'D'));
  const gone = named(sa, spis);
  for (const child of gone) spis.delete(child.sa.outbound.spi);
  noteEarly(sa, spis);
  const inbound = gone
    .filter((child) => deletesInReturn[child.state])
    .map((child) => child.sa.inbound.spi);
  // Before the answer is kept: a daemon that finds it believes that the tunnels are gone
  for (const child of gone) void endChild(ctx, child, 'deleted by peer');
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
    if (child.sa.outbound.spi === spiNumber(data)) void deleteChild(ctx, child, 'expired');
}

/**
 * The IKE SA is no more at the peer. A rekey of ours that it knows nothing of is forgotten (§2.25.2); one
 * of its own stands.
 */
export function endAsPeerWants(ctx: IkeContext, sa: IkeSa, why: string): Promise<void> {
  const { heir } = sa;
  if (heir && sa.state === 'REKEYING') inherit(ctx, sa, heir);
  if (heir) tellWindow(ctx, heir);
  return endSa(ctx, sa, 'deleted by peer', why);
}

/** §2.21.2: with these an initiator says, without a Delete payload, that it could not take our IKE_AUTH. */
const fatal = [
  { type: NotifyType.AUTHENTICATION_FAILED, why: 'the peer does not accept our proof' },
  { type: NotifyType.INVALID_SYNTAX, why: 'our answer made no sense to the peer' },
  { type: NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD, why: 'our answer asked too much of the peer' },
] as const;

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
  const failure = fatal.find(({ type }) => findNotify(message.payloads, type));
  if (failure || deletes.some((one) => one.protocol === Protocol.IKE)) {
    sa.isEnding = true;
    answer(ctx, sa, message, []);
    void endAsPeerWants(ctx, sa, failure?.why ?? 'the peer deletes the IKE SA');
  } else answerDeletes(ctx, sa, message);
}
