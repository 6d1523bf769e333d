/**
 * Socket options that let a socket's datagrams pass by every XFRM policy, as IKE and the daemon's
 * own DNS must: one policy per direction, kept by the kernel with the socket (xfrm_user_policy in
 * net/xfrm/xfrm_state.c). Needs CAP_NET_ADMIN.
 */
import type { IpFamily } from './address.js';

/** SOL_IP and IP_XFRM_POLICY, SOL_IPV6 and IPV6_XFRM_POLICY (linux/in.h, linux/in6.h). */
export const bypassOption: Record<IpFamily, { level: number; name: number }> = {
  4: { level: 0, name: 17 },
  6: { level: 41, name: 35 },
};

/** XFRM_POLICY_IN, XFRM_POLICY_OUT. */
export const bypassDirections = [0, 1] as const;

const ADDRESS_FAMILY: Record<IpFamily, number> = { 4: 2, 6: 10 };
const ACTION_ALLOW = 0;
/**
 * Places in `struct xfrm_userpolicy_info` (linux/xfrm.h): the selector (56 bytes), limits (8 times
 * 8), use (4 times 8), priority and index (4 each), then one byte each for direction, action, flags
 * and share. Behind them 4 bytes of padding, which only x86-32 does not count and does not mind.
 */
const SELECTOR_FAMILY = 40;
const DIRECTION = 56 + 64 + 32 + 8;
const ACTION = DIRECTION + 1;
const LENGTH = 168;

/** An allow policy for everything of a family. Zero limits: it does not expire. */
export function bypassPolicy(
  family: IpFamily,
  direction: number,
  isBigEndian: boolean,
): Uint8Array {
  const bytes = new Uint8Array(LENGTH);
  new DataView(bytes.buffer).setUint16(SELECTOR_FAMILY, ADDRESS_FAMILY[family], !isBigEndian);
  bytes[DIRECTION] = direction;
  bytes[ACTION] = ACTION_ALLOW;
  return bytes;
}
