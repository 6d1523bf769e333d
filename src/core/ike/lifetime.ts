/**
 * When SAs get old. The end that has made an SA renews it first; the other one does so later, in case
 * the first does not. Both times are random within a range, so that neither two ends nor a hundred
 * tunnels of one minute renew at once (RFC 7296 §2.8).
 */
import type { SaLimits } from '../kernel/child-sa.js';
import type { Role } from './ike-sa.js';

/** Of an IKE SA, in seconds: when it is rekeyed, and when it ends if that did not work. */
export interface IkeLifetime {
  softSeconds: number;
  hardSeconds: number;
}

/** Up to a tenth earlier for the end that has made it. */
const EARLIER = 0.1;

type Random = (length: number) => Uint8Array;

/** The soft limit of one end. For the other end it is in the second third of the way to the hard one. */
export function softLimit(soft: number, hard: number, role: Role, random: Random): number {
  if (soft === 0) return 0;
  const chance = random(1)[0]! / 256;
  const limit =
    role === 'initiator'
      ? soft * (1 - EARLIER * chance)
      : soft + ((hard - soft) * (1 + chance)) / 3;
  return Math.max(1, Math.floor(limit));
}

/** Limits for the kernel. */
export function limitsFor(limits: SaLimits, role: Role, random: Random): SaLimits {
  const { softBytes = 0, hardBytes = 0, softPackets = 0, hardPackets = 0 } = limits;
  const soft = (of: number, hard: number) => softLimit(of, hard || of, role, random);
  return {
    softSeconds: soft(limits.softSeconds, limits.hardSeconds),
    hardSeconds: limits.hardSeconds,
    ...(softBytes > 0 ? { softBytes: soft(softBytes, hardBytes) } : {}),
    ...(hardBytes > 0 ? { hardBytes } : {}),
    ...(softPackets > 0 ? { softPackets: soft(softPackets, hardPackets) } : {}),
    ...(hardPackets > 0 ? { hardPackets } : {}),
  };
}
