/** Making a Child SA a tunnel in the kernel, and taking it away again. */
import { toHex } from '../bytes/hex.js';
import { formatPrefix } from '../net/address.js';
import { type Child, type ChildTerms, childSaOf, SPI_MIN, spiBytes, spiNumber } from './child.js';
import type { IkeContext } from './context.js';
import type { Tunnel, TunnelEnd } from './daemon.js';
import { formatIdentity } from './identity.js';
import type { IkeSa } from './ike-sa.js';
import { logChildKeys } from './key-log.js';

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

export function tunnelOf(
  ctx: IkeContext,
  sa: IkeSa,
  child: Child,
  installed: Tunnel['installed'],
): Tunnel {
  const peer = { address: sa.path.remote.address, ...sa.peer! };
  return {
    id: ctx.nextTunnelId++,
    role: child.role,
    installed,
    peer,
    ike: {
      spiInitiator: toHex(sa.spiInitiator),
      spiResponder: toHex(sa.spiResponder),
      suite: suiteName(sa),
    },
  };
}

/** Peer, pair, SPIs and why, in this order in every line. */
function describe(sa: IkeSa, child: Child): string {
  const { ours, theirs, inbound, outbound } = child.sa;
  const spis = `${toHex(spiBytes(inbound.spi))}_i ${toHex(spiBytes(outbound.spi))}_o`;
  return `${sa.path.remote.address}: ${formatPrefix(ours.prefix)} ↔ ${formatPrefix(theirs.prefix)} ${spis}`;
}

/**
 * Has the owner install what was agreed. Gives `undefined` when the kernel refuses, or when the IKE
 * SA ended meanwhile; nothing is left in the kernel then.
 */
export async function installChild(
  ctx: IkeContext,
  sa: IkeSa,
  terms: ChildTerms,
): Promise<Child | undefined> {
  const child: Child = {
    state: 'INSTALLING',
    role: terms.role,
    sa: childSaOf(sa, terms, ctx.lifetime),
    tunnel: undefined,
    packetsIn: 0,
    sinceMs: ctx.clock.monotonicMs(),
  };
  sa.children.add(child);
  logChildKeys(ctx.keyLog, child.sa);
  // Before the kernel has it: the same keys never come there twice, whenever the daemon dies.
  if (child.role === 'initiator') ctx.keeper.save(sa);
  try {
    const installed = await ctx.owner.install(child.sa);
    if (sa.children.has(child)) {
      child.tunnel = tunnelOf(ctx, sa, child, installed);
      child.state = 'UP';
      ctx.keeper.changed(sa);
      const identity = formatIdentity(sa.peer!.identity);
      ctx.log.info(`tunnel up with ${describe(sa, child)}, ${identity} proven, ${child.role}`);
      return child;
    }
    await ctx.owner.remove(installed);
  } catch (error) {
    ctx.log.error(`tunnel with ${describe(sa, child)} not installed: ${String(error)}`);
  }
  sa.children.delete(child);
  child.state = 'GONE';
  ctx.keeper.changed(sa);
  return undefined;
}

/** Takes a Child SA out of the kernel and tells the owner. Twice is once. */
export function endChild(ctx: IkeContext, sa: IkeSa, child: Child, why: TunnelEnd): Promise<void> {
  if (!sa.children.delete(child)) return Promise.resolve();
  child.state = 'GONE';
  ctx.keeper.changed(sa);
  const { tunnel } = child;
  // Still being installed: `installChild` finds it gone and removes it.
  if (!tunnel) return Promise.resolve();
  ctx.log.info(`tunnel ended with ${describe(sa, child)}, ${why}`);
  const removed = ctx.owner.remove(tunnel.installed).catch((error: unknown) => {
    ctx.log.error(`tunnel with ${describe(sa, child)} not removed: ${String(error)}`);
  });
  ctx.owner.ended(tunnel, why);
  return removed;
}
