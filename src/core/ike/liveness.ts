/**
 * Is the peer alive? Asked only while there are tunnels and nothing came in, neither IKE nor through
 * a tunnel (SP-33, SP-34); one question for all tunnels with a peer (SP-35).
 */
import type { IkeContext } from './context.js';
import { probe } from './exchanges/informational.js';
import type { IkeSa } from './ike-sa.js';

/** Has a packet come in through any tunnel since the last look? */
async function hasTraffic(ctx: IkeContext, sa: IkeSa): Promise<boolean> {
  const counts = await Promise.all(
    [...sa.children].map(async (child) => {
      if (!child.tunnel || !ctx.inboundPackets) return false;
      const packets = await ctx.inboundPackets(child.tunnel.installed).catch(() => 0);
      const isMore = packets > child.packetsIn;
      child.packetsIn = packets;
      return isMore;
    }),
  );
  return counts.includes(true);
}

/** Probes unless something has come in. False: the peer is dead, and its IKE SA has ended. */
export async function check(ctx: IkeContext, sa: IkeSa): Promise<boolean> {
  if (sa.state !== 'ESTABLISHED') return false;
  return (await hasTraffic(ctx, sa)) || (await probe(ctx, sa));
}

/** Looks after an IKE SA until it ends. */
function watchLiveness(ctx: IkeContext, sa: IkeSa, delayMs = ctx.limits.livenessMs): void {
  const { livenessMs } = ctx.limits;
  if (livenessMs === 0) return;
  sa.timers.set('liveness', delayMs, () => {
    if (sa.state !== 'ESTABLISHED') return;
    const quietMs = ctx.clock.monotonicMs() - sa.heardMs;
    if (quietMs < livenessMs) {
      watchLiveness(ctx, sa, livenessMs - quietMs);
      return;
    }
    const hasTunnels = sa.holds > 0 || [...sa.children].some((child) => child.state === 'UP');
    // While a request of ours is out, its own repetitions tell whether the peer lives.
    if (hasTunnels && sa.requests.isIdle) void check(ctx, sa);
    watchLiveness(ctx, sa);
  });
}

/** RFC 3948 §4: behind a NAT, its mapping must not be forgotten. */
function watchKeepalive(ctx: IkeContext, sa: IkeSa): void {
  if (!sa.nat.we) return;
  sa.timers.set('keepalive', ctx.limits.keepaliveMs, () => {
    if (sa.state !== 'ESTABLISHED') return;
    if (sa.children.size > 0) ctx.transport.sendKeepalive(sa.path);
    watchKeepalive(ctx, sa);
  });
}

/** To be called when an IKE SA is established. */
export function watchPeer(ctx: IkeContext, sa: IkeSa): void {
  watchLiveness(ctx, sa);
  watchKeepalive(ctx, sa);
}
