/** A wish that the peer can not fulfil at this moment (RFC 7296 §2.25). */
import type { Attempt } from '../attempt.js';
import type { IkeContext } from '../context.js';
import type { IkeSa } from '../ike-sa.js';
import { retryPauseMs } from './rekey-retry.js';

/** §2.25: the peer rekeys the IKE SA at this moment, or something like it. False: often enough. */
export function askLater(ctx: IkeContext, sa: IkeSa, attempt: Attempt): boolean {
  const pauseMs = retryPauseMs(ctx, ++attempt.putOffs);
  if (pauseMs === undefined) return false;
  attempt.enter('QUEUED', sa);
  ctx.timers.after(pauseMs, () => {
    // Unless the heir of the IKE SA has taken it.
    if (!attempt.isDone && attempt.home === sa && attempt.stage === 'QUEUED') ctx.dispatch(attempt);
  });
  return true;
}
