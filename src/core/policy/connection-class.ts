/**
 * Connection classes (draft-richardson-ipsec-opportunistic §3.2): which class a pair of addresses
 * belongs to. The policy section with the longest matching destination wins; among equals the longest
 * matching source, then the order in the file. What no section names has the WAN's default (OE-25).
 */
import type { ConnectionClass, PolicySettings } from '../config/settings.js';
import { addressBits, type IpAddress, type Prefix, prefixContains } from '../net/address.js';

export interface ClassMatch {
  class: ConnectionClass;
  /** The UCI section that said so, or `default`. */
  section: string;
}

/** Bits of the longest prefix that holds `value`; 0 for "any" (an empty list), -1 for no match. */
function matchLength(prefixes: readonly Prefix[], value: IpAddress): number {
  if (prefixes.length === 0) return 0;
  const lengths = prefixes.filter((each) => prefixContains(each, value)).map((each) => each.length);
  return lengths.length === 0 ? -1 : Math.max(...lengths);
}

export function classOf(
  policies: readonly PolicySettings[],
  fallback: ConnectionClass,
  pair: { source: IpAddress; destination: IpAddress },
): ClassMatch {
  let best: { match: ClassMatch; score: number } | undefined;
  for (const policy of policies) {
    const destination = matchLength(policy.destinations, pair.destination);
    const source = matchLength(policy.sources, pair.source);
    if (destination < 0 || source < 0) continue;
    const score = destination * (addressBits(pair.source) + 1) + source;
    if (!best || score > best.score)
      best = { match: { class: policy.class, section: policy.section }, score };
  }
  return best?.match ?? { class: fallback, section: 'default' };
}

/** For people: who says so. */
export const classReason = ({ section, wan }: { section: string; wan: string }): string =>
  section === 'default' ? `the default of WAN ${wan} says so` : `policy '${section}' says so`;

/** True when this router starts tunnels for the class. */
export const initiates = (of: ConnectionClass): boolean =>
  of === 'oe-permissive' || of === 'oe-paranoid';

/** True when a peer may set up a tunnel for the class (OE-26, OE-27). */
export const accepts = (of: ConnectionClass): boolean => initiates(of) || of === 'accept-only';
