/**
 * An IKE SA as a plugin holds it: for messages of its own, beside the tunnels or without any
 * (RFC 6023). While somebody holds it, it is not idle.
 */
import type { IkeContext } from './context.js';
import type { TunnelFailure } from './daemon.js';
import { deleteSa, idleWatch, inform } from './exchanges/informational.js';
import type { SaView } from './extension.js';
import { type IkeSa, latest } from './ike-sa.js';
import type { Payload } from './payloads/payload.js';
import { untilPeerIsDead } from './schedule.js';
import { isStanding } from './states.js';

export interface IkePeer {
  /** Of the IKE SA of now: another one after each rekey. */
  readonly view: SaView;
  /**
   * An INFORMATIONAL exchange with these payloads (RFC 7296 §1.4). Gives those of the answer, or
   * `undefined` when the IKE SA has ended before one came.
   */
  inform(payloads: readonly Payload[]): Promise<readonly Payload[] | undefined>;
  /** It is not held any more. Without a tunnel the IKE SA is deleted at once. */
  close(): Promise<void>;
}

export type IkePeerResult = { ok: true; peer: IkePeer } | { ok: false; failure: TunnelFailure };

/** The view of an extension leads back to the IKE SA that it is a view of. */
export function informBy(
  ctx: IkeContext,
  view: SaView,
  payloads: readonly Payload[],
): Promise<readonly Payload[] | undefined> {
  const sa = latest(view as IkeSa);
  if (!isStanding(sa.state)) return Promise.resolve(undefined);
  return inform(ctx, sa, payloads, untilPeerIsDead);
}

export function holdPeer(ctx: IkeContext, sa: IkeSa): IkePeer {
  let isHeld = true;
  sa.holds++;
  return {
    get view() {
      return latest(sa);
    },
    inform: (payloads) => informBy(ctx, sa, payloads),
    async close() {
      if (!isHeld) return;
      isHeld = false;
      const held = latest(sa);
      held.holds--;
      if (held.holds > 0 || held.children.size > 0) idleWatch(ctx, held);
      else await deleteSa(ctx, held, 'nobody needs it');
    },
  };
}
