/**
 * Destinations that the kernel lets pass without asking: what can not be a peer on the Internet, and
 * whole blocks that the policy sections declare always clear.
 */
import type { PolicySettings, Settings, WanSettings } from '../config/settings.js';
import { type IpAddress, type Prefix, prefix, prefixContains } from '../net/address.js';

/** Never a peer: this network, loopback, link-local, multicast, broadcast (RFC 6890, RFC 4291). */
export const neverPeers: readonly Prefix[] = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/8',
  'fe80::/10',
  'ff00::/8',
].map(prefix);

/** Not reachable beyond a WAN in general: RFC 1918, RFC 6598 (shared by carriers), RFC 4193. */
export const privateBlocks: readonly Prefix[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
].map(prefix);

const isIn = (blocks: readonly Prefix[], address: IpAddress): boolean =>
  blocks.some((block) => prefixContains(block, address));

/** False for what can be neither a peer nor a gateway beyond this WAN, whatever the DNS or a peer says. */
export const isBeyond = (wan: Pick<WanSettings, 'includesPrivate'>, address: IpAddress): boolean =>
  !isIn(neverPeers, address) && (wan.includesPrivate || !isIn(privateBlocks, address));

const forAllSources = (policy: PolicySettings): boolean => policy.sources.length === 0;

/** Blocks that are clear for every source, decided in the kernel alone. */
function alwaysClear(settings: Settings): Prefix[] {
  return settings.policies
    .filter((policy) => policy.class === 'always-clear' && forAllSources(policy))
    .flatMap((policy) => policy.destinations);
}

/** Blocks that some section wants decided in the daemon though a wider exemption covers them. */
function decided(settings: Settings): Prefix[] {
  return settings.policies
    .filter((policy) => policy.class !== 'always-clear' || !forAllSources(policy))
    .flatMap((policy) => policy.destinations);
}

export interface Exemptions {
  exempt: Prefix[];
  /** Longest prefix wins between the two. */
  held: Prefix[];
}

/** For all WANs together; private blocks are exempt unless a WAN asks to include them. */
export function exemptionsOf(settings: Settings, wans: readonly WanSettings[]): Exemptions {
  const withPrivate = wans.some((wan) => wan.includesPrivate);
  return {
    exempt: [...neverPeers, ...(withPrivate ? [] : privateBlocks), ...alwaysClear(settings)],
    held: decided(settings),
  };
}
