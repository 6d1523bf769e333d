/**
 * Gateways that the DNS names for a client, whichever record they came from: TXT and IPSECKEY take
 * the same roles (endpoint, precedence, key), so from here on they are one thing.
 */
import { printable } from '../../core/bytes/text.js';
import type { DnssecStatus } from '../../core/dns/resolver.js';
import type { IpAddress } from '../../core/net/address.js';
import type { PublicKey } from '../../core/pki/public-key.js';
import type { GatewayName } from './delegation.js';

export interface Candidate {
  /** Lower is tried first. */
  precedence: number;
  gateway: GatewayName;
  /** The key in the record itself; absent: look it up at `keyName`, or at the gateway. */
  key?: PublicKey;
  keyName?: string;
  /** Type of the record it came from, for log and status. */
  record: 'TXT' | 'IPSECKEY';
  status: DnssecStatus;
}

/** For log and status; the name is a stranger's text. */
export const gatewayText = (gateway: GatewayName): string =>
  'address' in gateway ? gateway.address : `@${printable(gateway.fqdn)}`;

/** A record may always name its own address, vouched for or not (OE-87, IK-7). */
export const namesItself = (candidate: Candidate, client: IpAddress): boolean =>
  'address' in candidate.gateway && candidate.gateway.address === client;

/**
 * Lowest precedence first; equals in random order (OE-75, IK-4).
 * `random` gives bytes of a good source.
 */
export function byPrecedence(
  candidates: readonly Candidate[],
  random: (length: number) => Uint8Array,
): Candidate[] {
  const drawn = random(4 * candidates.length);
  const view = new DataView(drawn.buffer, drawn.byteOffset, drawn.byteLength);
  return candidates
    .map((candidate, i) => ({ candidate, lot: view.getUint32(4 * i) }))
    .sort((a, b) => a.candidate.precedence - b.candidate.precedence || a.lot - b.lot)
    .map(({ candidate }) => candidate);
}
