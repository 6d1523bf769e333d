/** The plugin's own options in a WAN section. */
import { flag } from '../../core/config/options.js';
import type { Options } from '../../core/config/schema.js';

export interface OeDnsOptions {
  /** OE-84: records nobody vouches for count as if they were not there. */
  requiresDnssec: boolean;
  /** OE-87, IK-7 the other way round: unsigned records may name another machine as gateway. */
  trustsUnsignedDelegation: boolean;
}

export const oeDnsOptions: Options<OeDnsOptions> = {
  requiresDnssec: flag({
    uci: 'oe_dns_require_dnssec',
    default: false,
    help: 'Only use DNS records whose signature was checked. Safe against forged DNS answers, but few zones are signed.',
  }),
  trustsUnsignedDelegation: flag({
    uci: 'oe_dns_unsigned_delegation',
    default: false,
    help: 'Let unsigned DNS records name another machine as gateway. Whoever can forge DNS answers can then redirect encrypted traffic to himself.',
  }),
};
