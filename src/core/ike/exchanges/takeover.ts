/**
 * One Child SA in the place of another that the peer rekeys. What is needed to receive with the new one
 * is in the kernel before the answer leaves; it is sent with once the peer has used it, or has deleted
 * the old one, so that no packet comes before the peer can read it.
 */
import type { Child } from '../child.js';
import { activate, handOver } from '../child-life.js';
import { rekeyAnswers } from '../collisions.js';
import type { IkeContext } from '../context.js';
import { deleteChild } from './informational.js';

/** The peer deletes the old one after a round trip; later it is deaf, or has forgotten. */
const OLD_STAYS_MS = 60_000;
const FIRST_LOOK_MS = 1000;

/** §2.25: what `rekeyAnswers` says, and not twice for the same one. */
export const mayBeRekeyed = (old: Child): boolean =>
  rekeyAnswers[old.state] === 'do it' && !old.heir;

/** The new one is there; while a request of our own is on its way, its answer decides (§2.8.1). */
export function takePlace(ctx: IkeContext, old: Child, fresh: Child): void {
  ctx.counters.count('rekeys as responder');
  const isChosen = old.state === 'REPLACED' && old.heir === fresh;
  if (old.state !== 'UP' && !isChosen) return;
  old.state = 'REPLACED';
  handOver(ctx, old, fresh);
  watchHeir(ctx, old);
}

/** Has the peer sent anything with it? */
async function isUsed(ctx: IkeContext, { installed }: Child): Promise<boolean> {
  const counts = installed && (await ctx.packetCounts?.(installed).catch(() => undefined));
  return counts !== undefined && counts.packetsIn > 0;
}

/** Until the old one is gone: looks whether the new one is used, less and less often. */
export function watchHeir(ctx: IkeContext, old: Child, pauseMs = FIRST_LOOK_MS): void {
  old.timer?.cancel();
  old.timer = ctx.timers.after(pauseMs, () => void lookAtHeir(ctx, old, pauseMs));
}

async function lookAtHeir(ctx: IkeContext, old: Child, pauseMs: number): Promise<void> {
  const { heir } = old;
  const isOver = pauseMs >= OLD_STAYS_MS / 2;
  if (old.state === 'REPLACED' && heir?.isStaged && (isOver || (await isUsed(ctx, heir))))
    await activate(ctx, heir);
  if (old.state !== 'REPLACED') return;
  // Without one by now, the tunnel has ended under new keys, and nobody needs the old ones.
  if (isOver || !old.heir) await deleteChild(ctx, old, 'replaced');
  else watchHeir(ctx, old, 2 * pauseMs);
}
