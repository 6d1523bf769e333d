/** Birth and death of IKE SAs, and the one place where their state changes. */

import { endChild } from './child-life.js';
import type { IkeContext } from './context.js';
import type { TunnelEnd } from './daemon.js';
import { IkeSa, type Role } from './ike-sa.js';
import { logIkeKeys } from './key-log.js';
import { Reassembly } from './reassembly.js';
import { RequestWindow } from './request-window.js';
import type { Sealed } from './sealed.js';
import { isAuthenticated, isStanding, moves, type State } from './states.js';
import type { Path } from './transport.js';

const SPI_LENGTH = 8;

/** Our SPI: random, never zero, not in use. */
function freshSpi(ctx: IkeContext): Uint8Array {
  for (;;) {
    const spi = ctx.random(SPI_LENGTH);
    if (spi.some((byte) => byte !== 0) && !ctx.sas.bySpi(spi)) return spi;
  }
}

/** Up to an eighth of the pause. */
const jitter = (ctx: IkeContext, pauseMs: number): number =>
  Math.floor((pauseMs * ctx.random(1)[0]!) / 2048);

/** An SA in state NONE, known to nobody yet. */
export const createSa = (ctx: IkeContext, role: Role, path: Path): IkeSa =>
  adoptSa(ctx, role, freshSpi(ctx), path);

/** Likewise, with the SPI that it had in an earlier run. */
export function adoptSa(ctx: IkeContext, role: Role, spiOwn: Uint8Array, path: Path): IkeSa {
  const sa = new IkeSa(role, spiOwn, path, ctx.timers);
  sa.bornMs = ctx.clock.monotonicMs();
  sa.requests = new RequestWindow({
    clock: ctx.clock,
    timers: ctx.timers,
    jitterMs: (pauseMs) => jitter(ctx, pauseMs),
    transmit(bytes, isRepetition) {
      if (isRepetition) ctx.counters.count('retransmissions');
      ctx.keeper.beforeSending(sa);
      transmit(ctx, bytes, sa.path);
    },
  });
  sa.fragments = {
    requests: new Reassembly('request', ctx.limits, ctx.fragmentMemory, sa.timers),
    responses: new Reassembly('response', ctx.limits, ctx.fragmentMemory, sa.timers),
  };
  return sa;
}

export function transmit(ctx: IkeContext, bytes: Uint8Array, path: Path): void {
  ctx.counters.count('messages sent');
  ctx.transport.send(bytes, path);
}

export function transmitAll(ctx: IkeContext, { datagrams }: Sealed, path: Path): void {
  for (const bytes of datagrams) transmit(ctx, bytes, path);
}

const isHalfOpen = (sa: IkeSa): boolean =>
  sa.state === 'INIT_ANSWERED' || sa.state === 'AUTH_PENDING';

/** Changes the state. A move that is not in the table is a bug of ours; it is logged and not made. */
export function enter(ctx: IkeContext, sa: IkeSa, to: State, why: string): boolean {
  const from = sa.state;
  if (!moves[from].includes(to)) {
    ctx.counters.count('bad moves');
    ctx.log.error(`${sa.name}: no move ${from} → ${to} (${why})`);
    return false;
  }
  const wasHalfOpen = isHalfOpen(sa);
  sa.state = to;
  logIkeKeys(ctx.keyLog, sa);
  if (!wasHalfOpen && isHalfOpen(sa)) {
    sa.calledFrom = sa.path.remote.address;
    ctx.halfOpen.add(sa.calledFrom);
  }
  if (wasHalfOpen && !isHalfOpen(sa)) ctx.halfOpen.remove(sa.calledFrom!);
  if (to === 'ESTABLISHED') {
    // Not anew by a rekey: the peer was proven then.
    sa.establishedMs ||= ctx.clock.monotonicMs();
    sa.forgetHandshake();
  }
  if (isAuthenticated(to)) ctx.keeper.changed(sa);
  ctx.log.debug(`${sa.name}: ${from} → ${to}, ${why}`);
  return true;
}

/**
 * The end of an IKE SA, without a word to the peer. Its tunnels go with it, its wishes are handed out
 * anew, and for a while it still answers the request that it answered last. Resolves when the kernel
 * has nothing of it any more; all else is done at once.
 */
export async function endSa(
  ctx: IkeContext,
  sa: IkeSa,
  end: TunnelEnd,
  why: string,
): Promise<void> {
  if (sa.state === 'GONE') return;
  enter(ctx, sa, 'GONE', why);
  sa.fragments.requests.clear();
  sa.fragments.responses.clear();
  ctx.keeper.forget(sa);
  sa.timers.cancelAll();
  const removed = [...sa.children].map((child) => endChild(ctx, child, end));
  sa.requests.stop();
  sa.forgetSecrets();
  handOut(ctx, sa);
  if (ctx.isStopping) ctx.sas.remove(sa);
  else sa.timers.set('linger', ctx.limits.lingerMs, () => ctx.sas.remove(sa));
  await Promise.all(removed);
}

/** Wishes that waited for this SA look for another way. */
function handOut(ctx: IkeContext, sa: IkeSa): void {
  const waiting = sa.waiting.splice(0);
  for (const attempt of waiting) if (!attempt.isDone && attempt.home === sa) ctx.dispatch(attempt);
}

/**
 * Nobody waits any more for the IKE SA that is being made. Behind our IKE_AUTH request the peer may
 * have it already, or soon: its request is sent on for a while, and the answer to it is a delete, so
 * that no tunnel stands at one end alone.
 */
export function giveUp(ctx: IkeContext, sa: IkeSa, why: string): void {
  if (sa.state !== 'AUTH_SENT' || ctx.isStopping) {
    void endSa(ctx, sa, 'expired', why);
    return;
  }
  enter(ctx, sa, 'DELETING', why);
  sa.firstOffer = undefined;
  handOut(ctx, sa);
  sa.timers.set('late answer', ctx.limits.lingerMs, () => void endSa(ctx, sa, 'expired', why));
}

/**
 * Wishes that waited for this SA get their turn (OE-67), in a turn of the event loop each: every one
 * costs a key pair, and nothing else should wait for all of these.
 */
export function serveWaiting(ctx: IkeContext, sa: IkeSa): void {
  const attempt = sa.waiting.shift();
  if (!attempt) return;
  if (!attempt.isDone && attempt.home === sa) ctx.dispatch(attempt);
  sa.timers.set('waiting', 0, () => serveWaiting(ctx, sa));
}

/** Starts the time after which an IKE SA without tunnels is deleted; again after each use. */
export function watchIdle(ctx: IkeContext, sa: IkeSa, remove: () => void): void {
  sa.timers.set('idle', ctx.limits.idleMs, () => {
    if (!isStanding(sa.state)) return;
    if (sa.children.size === 0 && sa.holds === 0 && sa.requests.isIdle) remove();
    else watchIdle(ctx, sa, remove);
  });
}
