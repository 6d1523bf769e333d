/** Making a Child SA a tunnel in the kernel, putting another one in its place, taking it away. */
import { toHex } from '../bytes/hex.js';
import { formatPrefix } from '../net/address.js';
import { type Child, type ChildTerms, childSaOf, SPI_MIN, spiBytes, spiNumber } from './child.js';
import { lowerNonce } from './collisions.js';
import type { IkeContext } from './context.js';
import type { Tunnel, TunnelEnd } from './daemon.js';
import { formatIdentity } from './identity.js';
import type { IkeSa } from './ike-sa.js';
import { logChildKeys } from './key-log.js';
import { limitsFor } from './lifetime.js';

/** A random SPI for ESP that comes in. */
export function freshChildSpi(ctx: IkeContext, sa: IkeSa): number {
  const isTaken = (spi: number) => [...sa.children].some((child) => child.sa.inbound.spi === spi);
  for (;;) {
    const spi = spiNumber(ctx.random(4));
    if (spi >= SPI_MIN && !isTaken(spi)) return spi;
  }
}

const suiteName = (sa: IkeSa): string => {
  const { cipher, prf, group } = sa.suite!;
  return [cipher.name, prf.name, group.name].join('/');
};

/** What a tunnel tells of the IKE SA that carries it. */
export const ikeOf = (sa: IkeSa): Tunnel['ike'] => ({
  spiInitiator: toHex(sa.spiInitiator),
  spiResponder: toHex(sa.spiResponder),
  suite: suiteName(sa),
});

export function tunnelOf(
  ctx: IkeContext,
  { ike, role }: Child,
  installed: Tunnel['installed'],
): Tunnel {
  const peer = { address: ike.path.remote.address, ...ike.peer! };
  return { id: ctx.nextTunnelId++, role, installed, peer, ike: ikeOf(ike) };
}

/** Peer, pair, SPIs and why, in this order in every line. */
function describe({ ike, sa }: Child): string {
  const { ours, theirs, inbound, outbound } = sa;
  const spis = `${toHex(spiBytes(inbound.spi))}_i ${toHex(spiBytes(outbound.spi))}_o`;
  return `${ike.path.remote.address}: ${formatPrefix(ours.prefix)} ↔ ${formatPrefix(theirs.prefix)} ${spis}`;
}

/** What there is already for the same traffic. */
export interface Elders {
  /** The one whose place the new one takes. */
  replaces?: Child | undefined;
  /** It was asked for as a tunnel of its own. */
  isTwin?: boolean;
  /** The one of ours that the peer's new one crosses. */
  crosses?: Child | undefined;
}

function newChild(ctx: IkeContext, sa: IkeSa, terms: ChildTerms, elders: Elders): Child {
  const { replaces, crosses } = elders;
  const child: Child = {
    state: 'INSTALLING',
    ike: sa,
    role: terms.role,
    sa: childSaOf(sa, terms, limitsFor(ctx.lifetime, terms.role, ctx.random)),
    nonce: lowerNonce(terms.ni, terms.nr),
    installed: undefined,
    isStaged: terms.role === 'responder' && (replaces ?? crosses) !== undefined,
    isTwin: elders.isTwin === true,
    tunnel: undefined,
    heir: undefined,
    replaces,
    rival: undefined,
    timer: undefined,
    packets: { packetsIn: 0, packetsOut: 0 },
    unanswered: undefined,
    sinceMs: ctx.clock.monotonicMs(),
  };
  if (replaces) replaces.heir = child;
  if (crosses) crosses.rival = child;
  sa.children.add(child);
  logChildKeys(ctx.keyLog, child.sa);
  return child;
}

/**
 * Has the owner install what was agreed; of one that has elders the responder installs the inbound
 * half, and goes on sending with the elder. Gives `undefined` when the kernel refuses, or
 * when it was deleted meanwhile; nothing is left in the kernel then.
 */
export async function installChild(
  ctx: IkeContext,
  sa: IkeSa,
  terms: ChildTerms,
  elders: Elders = {},
): Promise<Child | undefined> {
  const { replaces, crosses } = elders;
  const child = newChild(ctx, sa, terms, elders);
  try {
    const { owner } = ctx;
    const installed = await (child.isStaged ? owner.stage(child.sa) : owner.install(child.sa));
    if (child.ike.children.has(child)) {
      child.installed = installed;
      child.state = 'UP';
      if (child.tunnel) await inheritLate(ctx, child, child.tunnel);
      if (crosses?.state === 'GONE') await activate(ctx, child);
      // Or it was let stand by itself meanwhile.
      const isLetStand = child.isTwin && !child.replaces;
      if (!replaces || isLetStand) child.tunnel = tunnelOf(ctx, child, installed);
      if (isLetStand) await activate(ctx, child);
      ctx.keeper.changed(child.ike);
      const identity = formatIdentity(sa.peer!.identity);
      const what = replaces ? 'rekeyed' : 'up';
      ctx.log.info(`tunnel ${what} with ${describe(child)}, ${identity} proven, ${child.role}`);
      return child;
    }
    await owner.remove(installed, false);
  } catch (error) {
    ctx.log.error(`tunnel with ${describe(child)} not installed: ${String(error)}`);
  }
  if (replaces?.heir === child) replaces.heir = undefined;
  child.ike.children.delete(child);
  child.state = 'GONE';
  ctx.keeper.changed(child.ike);
  if (child.tunnel) ctx.owner.ended(child.tunnel, 'expired');
  return undefined;
}

/** The one that it replaces has gone while the kernel was at work. */
async function inheritLate(ctx: IkeContext, child: Child, tunnel: Tunnel): Promise<void> {
  tunnel.installed = child.installed!;
  ctx.owner.rekeyed(tunnel);
  await activate(ctx, child);
}

/** The one that goes on in its place: an heir may have one itself by now. */
function heirOf({ heir }: Child): Child | undefined {
  if (heir?.state === 'REPLACED') return heirOf(heir);
  return heir && ['UP', 'REKEYING', 'INSTALLING'].includes(heir.state) ? heir : undefined;
}

/** From now on the tunnel is another Child SA; as soon as that is in the kernel. */
export function handOver(ctx: IkeContext, from: Child, to: Child): void {
  const { tunnel } = from;
  if (!tunnel) return;
  from.tunnel = undefined;
  to.tunnel = tunnel;
  tunnel.ike = ikeOf(to.ike);
  if (!to.installed) return;
  tunnel.installed = to.installed;
  ctx.owner.rekeyed(tunnel);
}

/** What the kernel refused once is tried again after this time, then after twice that, and so on. */
const RETRY_MS = 1000;

/** Sends with it, too. */
export async function activate(ctx: IkeContext, child: Child, retryMs = RETRY_MS): Promise<void> {
  if (!child.isStaged || !child.installed) return;
  child.isStaged = false;
  // Likewise before the kernel sends with it.
  ctx.keeper.save(child.ike);
  await ctx.owner.activate(child.installed).catch((error: unknown) => {
    ctx.log.error(`tunnel with ${describe(child)} can not send: ${String(error)}`);
    if (child.state === 'GONE') return;
    child.isStaged = true;
    ctx.keeper.changed(child.ike);
    child.timer?.cancel();
    child.timer = ctx.timers.after(retryMs, () => void activate(ctx, child, 2 * retryMs));
  });
}

/**
 * It is about to go, and the peer lets go of it before we hear of that: what is sent meanwhile goes with
 * another one of the same traffic, if there is one.
 */
export async function stopSending(ctx: IkeContext, { rival, installed }: Child): Promise<void> {
  if (rival) await activate(ctx, rival);
  if (!installed) return;
  await ctx.owner.stopSending(installed).catch((error: unknown) => {
    ctx.log.error(`ESP state ${toHex(spiBytes(installed.sa.outbound.spi))}_o: ${String(error)}`);
  });
}

/**
 * An heir goes. If it has one itself, that is the next in line; else it is of no use any more, and the one
 * that it was to replace goes on.
 */
function disinherit(ctx: IkeContext, child: Child, next: Child | undefined): void {
  const { replaces } = child;
  if (replaces?.heir !== child) return;
  replaces.heir = next;
  if (next) {
    next.replaces = replaces;
    return;
  }
  // The tunnel has moved on and ended: it is of no use either, and is deleted (`lookAtHeir`).
  if (replaces.state !== 'REPLACED' || !child.tunnel) return;
  replaces.state = 'UP';
  handOver(ctx, child, replaces);
}

/**
 * Takes a Child SA out of the kernel. Its heir goes on with the tunnel; without one the owner is told.
 * Twice is once.
 */
export async function endChild(ctx: IkeContext, child: Child, end: TunnelEnd): Promise<void> {
  if (!child.ike.children.delete(child)) return;
  disinherit(ctx, child, heirOf(child));
  child.state = 'GONE';
  ctx.keeper.changed(child.ike);
  child.timer?.cancel();
  // Still being installed: `installChild` finds it gone and removes it.
  if (!child.installed) return;
  const heir = heirOf(child);
  if (heir) handOver(ctx, child, heir);
  const { tunnel } = child;
  const why = heir ? 'replaced' : end;
  ctx.log.info(`tunnel ${tunnel ? 'ended' : 'cleared'} with ${describe(child)}, ${why}`);
  const removed = removeFromKernel(ctx, child, heir, why === 'replaced');
  if (tunnel) ctx.owner.ended(tunnel, why);
  await removed;
}

/** Nothing on its way is lost: the heir sends before, and what still comes is let in for a while. */
async function removeFromKernel(
  ctx: IkeContext,
  child: Child,
  heir: Child | undefined,
  lingers: boolean,
): Promise<void> {
  for (const next of [heir, child.rival]) if (next) await activate(ctx, next);
  const removed = ctx.owner.remove(child.installed!, lingers).catch((error: unknown) => {
    ctx.log.error(`tunnel with ${describe(child)} not removed: ${String(error)}`);
  });
  if (!lingers) await removed;
}
