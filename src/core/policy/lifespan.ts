/**
 * How long a tunnel is useful (§3.4.1): looked at after one minute, then every twenty. Traffic in
 * the last part of the span, in either direction, keeps it. The check sends no packet and knows
 * nothing of rekeying (OE-124).
 */
import type { SaUse } from '../kernel/child-sa.js';

/** OE-120 */
export const firstLifespanSeconds = 60;
/** OE-122 */
export const nextLifespanSeconds = 20 * 60;
/** OE-121 for the first check; the draft leaves the later ones open, we take the same. */
export const lookBackSeconds = 30;

export const isInUse = (
  use: SaUse,
  nowSeconds: number,
  withinSeconds: number = lookBackSeconds,
): boolean => use.lastUseSeconds > 0 && nowSeconds - use.lastUseSeconds <= withinSeconds;
