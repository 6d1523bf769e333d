/**
 * Clear traffic when no tunnel can be made, by how far the peer is trusted (§9.4, AV-A41). Of several
 * peers that have spoken for an address, the one that is trusted most decides.
 */
import type { IpAddress } from '../../../core/net/address.js';
import type { TrustOptions } from './options.js';
import type { Peer } from './peer.js';
import type { Trust } from './trust.js';

export type Fallback = 'allow' | 'block';

function forPeer(options: TrustOptions, { state, trustedBy }: Peer): Fallback {
  if (state !== 'Trusted') return options.fallbackUnverified;
  return trustedBy === 'authority' ? options.fallbackTrustedCa : options.fallbackTrusted;
}

const rank = ({ state, trustedBy }: Peer): number =>
  state !== 'Trusted' ? 0 : trustedBy === 'authority' ? 1 : 2;

export function fallbackFor(
  { table, authorizations }: Trust,
  options: TrustOptions,
  destination: IpAddress,
): Fallback {
  const peers = authorizations
    .peersFor(destination)
    .flatMap((name) => table.find(name) ?? [])
    // Nobody is blocked for whom he does not trust; the traffic would go in clear without AutoVPN
    .filter(({ state }) => state === 'Unverified' || state === 'Trusted')
    .sort((one, other) => rank(other) - rank(one));
  const [first] = peers;
  return first ? forPeer(options, first) : options.fallbackUnknown;
}
