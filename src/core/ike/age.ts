/** The age of IKE SAs: rekeyed at the soft limit, ended at the hard one (RFC 7296 §2.8). */
import type { IkeContext } from './context.js';
import { deleteSa } from './exchanges/informational.js';
import type { IkeSa } from './ike-sa.js';
import { softLimit } from './lifetime.js';
import { isStanding } from './states.js';

/** After a rekey that was refused. */
const AGAIN_MS = 60_000;

/** To be called when it stands; one whose limits are known already keeps them. */
export function watchAge(ctx: IkeContext, sa: IkeSa): void {
  const { softSeconds, hardSeconds } = ctx.ikeLifetime;
  if (hardSeconds === 0) return;
  const nowMs = ctx.clock.monotonicMs();
  if (sa.hardMs === 0) {
    sa.softMs = nowMs + softLimit(softSeconds, hardSeconds, sa.role, ctx.random) * 1000;
    sa.hardMs = nowMs + hardSeconds * 1000;
  }
  sa.timers.set('soft', Math.max(0, sa.softMs - nowMs), () => void renew(ctx, sa));
  sa.timers.set('hard', Math.max(0, sa.hardMs - nowMs), () => end(ctx, sa));
}

/** One without tunnels goes by itself. */
async function renew(ctx: IkeContext, sa: IkeSa): Promise<void> {
  if (!isStanding(sa.state)) return;
  const result = sa.children.size + sa.holds > 0 ? await ctx.renew(sa) : undefined;
  if (result?.ok || !isStanding(sa.state)) return;
  if (result) ctx.log.warning(`${sa.name}: no new keys for the IKE SA, ${result.why}`);
  sa.timers.set('soft', AGAIN_MS, () => void renew(ctx, sa));
}

function end(ctx: IkeContext, sa: IkeSa): void {
  // The peer has rekeyed it, and an answer to us says which of two heirs has the tunnels.
  if (sa.heir) sa.timers.set('hard', AGAIN_MS, () => end(ctx, sa));
  else void deleteSa(ctx, sa, 'its lifetime is over');
}
