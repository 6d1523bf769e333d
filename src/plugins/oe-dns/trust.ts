/**
 * How far DNS data may be used (draft-richardson-ipsec-opportunistic §3.2.4.1, §4.5): the
 * administrator's two switches, applied to a candidate.
 */
import type { DnssecStatus } from '../../core/dns/resolver.js';
import type { IpAddress } from '../../core/net/address.js';
import type { Trust } from '../../core/plugin.js';
import { type Candidate, gatewayText, namesItself } from './candidate.js';
import type { OeDnsOptions } from './options.js';

/** Why a candidate of this client may not be used; `undefined` when it may. */
export function objection(
  candidate: Candidate,
  client: IpAddress,
  options: OeDnsOptions,
): string | undefined {
  if (candidate.status === 'secure') return undefined;
  if (options.requiresDnssec) return `the ${candidate.record} record is not vouched for by DNSSEC`;
  if (options.trustsUnsignedDelegation || namesItself(candidate, client)) return undefined;
  return `the ${candidate.record} record names ${gatewayText(candidate.gateway)} as gateway and is not vouched for by DNSSEC`;
}

export const trustOf = (status: DnssecStatus): Trust => (status === 'secure' ? 'dnssec' : 'dns');
