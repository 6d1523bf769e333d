/**
 * Child SAs that the peer has lost without a word, while its IKE SA lives: whatever is sent through them
 * is dropped there. No exchange asks for one, but to rekey it does: the peer agrees on a fresh one, or
 * answers CHILD_SA_NOT_FOUND (RFC 7296 §2.25.1), and the tunnel is made anew when traffic wants it.
 */
import type { Child } from './child.js';
import type { IkeContext } from './context.js';
import type { IkeSa } from './ike-sa.js';

/** Takes note of what has passed through a tunnel. Has a packet come in since the last look? */
export async function look(ctx: IkeContext, child: Child): Promise<boolean> {
  const { installed, packets } = child;
  const now = installed && (await ctx.packetCounts?.(installed).catch(() => undefined));
  if (!now) return false;
  child.packets = now;
  const hasCome = now.packetsIn > packets.packetsIn;
  if (hasCome) child.unanswered = undefined;
  else if (now.packetsOut > packets.packetsOut) {
    const untilMs = ctx.clock.monotonicMs();
    child.unanswered = { sinceMs: child.unanswered?.sinceMs ?? untilMs, untilMs };
  }
  return hasCome;
}

/** Traffic that never has an answer is no sign: something must have come in before. */
const isUnanswered = ({ limits }: IkeContext, { packets, unanswered }: Child): boolean =>
  packets.packetsIn > 0 &&
  unanswered !== undefined &&
  unanswered.untilMs - unanswered.sinceMs >= limits.livenessMs;

/** After a look at tunnels of a peer that lives: those through which only we send get new keys. */
export function renewUnanswered(ctx: IkeContext, sa: IkeSa): void {
  for (const child of sa.children)
    if (isUnanswered(ctx, child)) renew(ctx, child, 'nothing comes back through it');
}

/**
 * After a rekey of the IKE SA at both ends at once of which the peer's stays: one that had moved its
 * tunnels to ours has dropped them with it.
 */
export function renewAll(ctx: IkeContext, sa: IkeSa): void {
  for (const child of sa.children) renew(ctx, child, 'its IKE SA was rekeyed at both ends at once');
}

function renew(ctx: IkeContext, child: Child, why: string): void {
  if (child.state !== 'UP' || child.heir) return;
  ctx.counters.count('tunnels in doubt');
  ctx.log.debug(`${child.ike.name}: new keys for a tunnel, ${why}`);
  void ctx.renewChild(child);
}
