/**
 * SET_WINDOW_SIZE (RFC 7296 §2.3): each end says how many requests it takes at once. It counts in
 * protected messages only, and from IKE_AUTH on: until then one request is out at a time.
 */
import { uintBytes } from '../bytes/bytes.js';
import type { IkeContext } from './context.js';
import type { IkeSa } from './ike-sa.js';
import { findNotify, notifyPayload, type Payload } from './payloads/payload.js';
import { NotifyType } from './registries/notifies.js';

/** §2.3: the notify holds one number of four bytes. */
const LENGTH = 4;

/** Our own size, for IKE_AUTH; one is what the peer believes without a word. */
export const announceWindow = ({ limits }: IkeContext): Payload[] =>
  limits.window > 1
    ? [notifyPayload(NotifyType.SET_WINDOW_SIZE, uintBytes(limits.window, LENGTH))]
    : [];

/** Both ends are proven; `payloads` are those of the peer's IKE_AUTH message. */
export function openWindows(ctx: IkeContext, sa: IkeSa, payloads: readonly Payload[]): void {
  sa.responses.open(ctx.limits.window);
  heedWindowSize(ctx, sa, payloads);
}

/** Does as the peer says, if it says anything, up to a limit of our own. */
export function heedWindowSize(ctx: IkeContext, sa: IkeSa, payloads: readonly Payload[]): void {
  const data = findNotify(payloads, NotifyType.SET_WINDOW_SIZE)?.data;
  if (!data) return;
  const size = data.reduce((sum, byte) => sum * 256 + byte, 0);
  if (data.length === LENGTH && size > 0) sa.requests.resize(Math.min(size, ctx.limits.window));
  else ctx.log.debug(`${sa.name}: SET_WINDOW_SIZE of ${size} in ${data.length} bytes passed over`);
}
