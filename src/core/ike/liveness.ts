/**
 * Is the peer alive? Asked only while there are tunnels and nothing came in, neither IKE nor through
 * a tunnel (SP-33, SP-34); one question for all tunnels with a peer (SP-35).
 */
import type { IkeContext } from './context.js';
import { peerIsDead, probe } from './exchanges/informational.js';
import type { IkeSa } from './ike-sa.js';
import { look, renewUnanswered } from './lost-child.js';
import { isStanding } from './states.js';

/** Has a packet come in through any tunnel since the last look? */
async function hasTraffic(ctx: IkeContext, sa: IkeSa): Promise<boolean> {
  const looks = await Promise.all([...sa.children].map((child) => look(ctx, child)));
  return looks.includes(true);
}

/** Probes unless something has come in. False: the peer is dead, and its IKE SA has ended. */
export async function check(ctx: IkeContext, sa: IkeSa): Promise<boolean> {
  if (!isStanding(sa.state)) return false;
  return (await hasTraffic(ctx, sa)) || (await probe(ctx, sa));
}

const SENDINGS_IN_DOUBT = 5;

/**
 * A request for new keys stays unanswered. As long as packets come in through the tunnels, these stay
 * until their keys end (OE-50); a peer that is silent in every way is dead.
 */
export async function endIfDead(ctx: IkeContext, sa: IkeSa, sendings: number): Promise<void> {
  const { livenessMs } = ctx.limits;
  if (sendings < SENDINGS_IN_DOUBT || livenessMs === 0) return;
  const isSilent = () => ctx.clock.monotonicMs() - sa.heardMs >= livenessMs;
  if (isSilent() && !(await hasTraffic(ctx, sa)) && isSilent()) peerIsDead(ctx, sa);
}

/** Looks after an IKE SA until it ends. */
function watchLiveness(ctx: IkeContext, sa: IkeSa, delayMs = ctx.limits.livenessMs): void {
  const { livenessMs } = ctx.limits;
  if (livenessMs === 0) return;
  sa.timers.set('liveness', delayMs, () => {
    if (!isStanding(sa.state)) return;
    const quietMs = ctx.clock.monotonicMs() - sa.heardMs;
    if (quietMs < livenessMs) {
      watchLiveness(ctx, sa, livenessMs - quietMs);
      return;
    }
    const hasTunnels = sa.holds > 0 || [...sa.children].some((child) => child.tunnel);
    // While a request of ours is out, its own repetitions tell whether the peer lives.
    if (hasTunnels && sa.requests.isIdle)
      void check(ctx, sa).then((isAlive) => isAlive && renewUnanswered(ctx, sa));
    watchLiveness(ctx, sa);
  });
}

/** RFC 3948 §4: behind a NAT, its mapping must not be forgotten. */
function watchKeepalive(ctx: IkeContext, sa: IkeSa): void {
  if (!sa.nat.we) return;
  sa.timers.set('keepalive', ctx.limits.keepaliveMs, () => {
    if (!isStanding(sa.state)) return;
    if (sa.children.size + sa.holds > 0) ctx.transport.sendKeepalive(sa.path);
    watchKeepalive(ctx, sa);
  });
}

/** To be called when an IKE SA is established. */
export function watchPeer(ctx: IkeContext, sa: IkeSa): void {
  watchLiveness(ctx, sa);
  watchKeepalive(ctx, sa);
}
