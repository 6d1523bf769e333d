/**
 * Two tunnels for one pair. The latest negotiation wins (OE-62): the peer may have been restarted.
 * But when both ends start at the same time there are two latest ones, and each end might drop the
 * other's; so within a short window the tunnel of the initiator with the greater address wins, which
 * both ends find out alike.
 */
import { equal } from '../bytes/bytes.js';
import type { Tunnel } from '../ike/daemon.js';
import { addressBytes, type IpAddress } from '../net/address.js';

/** Tunnels whose set-up ended this close together count as started at the same time. */
export const simultaneousSeconds = 10;

const initiatorOf = (tunnel: Tunnel): IpAddress =>
  tunnel.role === 'initiator' ? tunnel.installed.sa.local : tunnel.installed.sa.remote;

function isGreater(a: IpAddress, b: IpAddress): boolean {
  const left = addressBytes(a);
  const right = addressBytes(b);
  if (equal(left, right) || left.length !== right.length) return left.length > right.length;
  const at = left.findIndex((byte, i) => byte !== right[i]);
  return left[at]! > right[at]!;
}

/** Which of two tunnels stays. `ageSeconds`: how long the present one has been up. */
export function winner(present: Tunnel, fresh: Tunnel, ageSeconds: number): Tunnel {
  const sameInitiator = present.role === fresh.role;
  if (sameInitiator || ageSeconds > simultaneousSeconds) return fresh;
  return isGreater(initiatorOf(present), initiatorOf(fresh)) ? present : fresh;
}
