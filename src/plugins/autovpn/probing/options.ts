/** Options of the probing protocol; all in the WAN's section. */
import { fromHex } from '../../../core/bytes/hex.js';
import { utf8 } from '../../../core/bytes/text.js';
import { checkedList, choice, flag, number, seconds, text } from '../../../core/config/options.js';
import type { Options } from '../../../core/config/schema.js';
import { mostSent, type Numbers, shortestRetrySeconds } from './numbers.js';

export interface ProbingOptions {
  probes: boolean;
  protocols: readonly string[];
  retransmit: readonly string[];
  retryKey: 'h1' | 'h1-h2';
  retryInterval: number;
  nonceLifetime: number;
  nonceKeyInterval: number;
  probeRate: number;
  verifyFlow: boolean;
  foreignNonce: 'drop' | 'forward';
  completeEmbeds: 'clear' | 'response';
  icmpClass: number;
  icmpObjectPad: 'none' | 'zero';
  spiMarker: number;
  spiMarkerLength: '16' | '4';
  spiMarkerAccept: 'both' | '16' | '4';
  sourcePort: number;
  ikePort: '500' | '4500';
  vendorId: string;
}

/** AV-A12: what the largest nonces leave of 576 octets for two messages with this in them. */
const longestVendorId = 200;

export const probingOptions: Options<ProbingOptions> = {
  probes: flag({
    uci: 'autovpn_probe',
    default: true,
    help: 'Ask the senders of traffic from outside for a tunnel. Without it the router still answers those who ask.',
  }),
  protocols: checkedList({
    uci: 'autovpn_probe_protocols',
    default: ['tcp'],
    help: 'Traffic that is worth a tunnel. A probe for anything but TCP may disturb hosts that have no gateway of this kind.',
    allowed: 'tcp, udp',
    isAllowed: (value) => value === 'tcp' || value === 'udp',
  }),
  retransmit: checkedList({
    uci: 'autovpn_retransmit',
    default: ['2', '4'],
    help: 'Seconds after which a Probe Request is sent once more; two entries at most.',
    allowed: '1 to 60 seconds, at most twice',
    isAllowed: (value) => /^([1-9]|[1-5]\d|60)$/.test(value),
  }),
  retryKey: choice({
    uci: 'autovpn_retry_key',
    default: 'h1',
    of: ['h1', 'h1-h2'],
    help: 'Whether one attempt in the interval is meant for a host outside, or for it together with the one inside.',
  }),
  retryInterval: seconds({
    uci: 'autovpn_retry_interval',
    default: shortestRetrySeconds,
    min: shortestRetrySeconds,
    max: 30 * shortestRetrySeconds,
    help: 'No second attempt before so much time has gone by.',
  }),
  nonceLifetime: seconds({
    uci: 'autovpn_nonce_lifetime',
    default: 120,
    min: 16,
    max: 3600,
    help: 'How long an answer to a probe may take.',
  }),
  nonceKeyInterval: seconds({
    uci: 'autovpn_nonce_key_interval',
    default: 86_400,
    min: 600,
    help: 'Age at which the key that seals nonces is replaced.',
  }),
  probeRate: number({
    uci: 'autovpn_probe_rate',
    default: 10,
    min: 1,
    max: 1000,
    help: 'Probe Responses in a second, at most.',
  }),
  verifyFlow: flag({
    uci: 'autovpn_verify_flow',
    default: true,
    help: 'Only answer a probe that quotes a connection which is really there.',
  }),
  foreignNonce: choice({
    uci: 'autovpn_foreign_nonce',
    default: 'drop',
    of: ['drop', 'forward'],
    help: 'A Probe Response to a nonce that is none of ours; forward is for a gateway behind this one.',
  }),
  completeEmbeds: choice({
    uci: 'autovpn_complete_embeds',
    default: 'clear',
    of: ['clear', 'response'],
    help: 'Packet that a Probe Complete quotes: the clear one, or the Probe Response.',
  }),
  icmpClass: number({
    uci: 'autovpn_icmp_class_num',
    default: 251,
    min: 247,
    max: 255,
    help: 'Class-Num of objects in ICMP. Both sides must agree.',
  }),
  icmpObjectPad: choice({
    uci: 'autovpn_icmp_object_pad',
    default: 'none',
    of: ['none', 'zero'],
    help: 'Whether objects in ICMP are filled up to 32-bit words.',
  }),
  spiMarker: number({
    uci: 'autovpn_spi_marker',
    default: 253,
    min: 3,
    max: 255,
    help: 'First word of a Probe Response, a reserved SPI. Both sides must agree.',
  }),
  spiMarkerLength: choice({
    uci: 'autovpn_spi_marker_len',
    default: '16',
    of: ['16', '4'],
    help: 'Octets of that marker in what is sent.',
  }),
  spiMarkerAccept: choice({
    uci: 'autovpn_spi_marker_accept',
    default: 'both',
    of: ['both', '16', '4'],
    help: 'Lengths of the marker that are understood.',
  }),
  sourcePort: number({
    uci: 'autovpn_probe_sport',
    default: 4500,
    min: 1,
    max: 65_535,
    help: 'UDP port that a Probe Response comes from.',
  }),
  ikePort: choice({
    uci: 'autovpn_ike_port',
    default: '4500',
    of: ['4500', '500'],
    help: 'UDP port at which IKE begins.',
  }),
  vendorId: text({
    uci: 'autovpn_vendor_id',
    default: 'autovpn.qjs/1',
    help: 'Names this software in probes: text, or 0x and hexadecimal octets.',
    allowed: `text of up to ${longestVendorId} octets, or 0x and hexadecimal digits`,
    pattern: /^(0x([0-9a-fA-F]{2}){0,200}|(?!0x)[ -~]{0,200})$/,
  }),
};

/** Milliseconds between the transmissions of a Probe Request. */
export const retransmitMs = ({ retransmit }: ProbingOptions): number[] =>
  retransmit.slice(0, mostSent - 1).map((each) => Number(each) * 1000);

export const numbersOf = (options: ProbingOptions): Numbers => ({
  icmpClass: options.icmpClass,
  spiMarker: options.spiMarker,
  markerLength: options.spiMarkerLength === '4' ? 4 : 16,
  accepts: options.spiMarkerAccept,
  vendorId: options.vendorId.startsWith('0x')
    ? fromHex(options.vendorId.slice(2))
    : utf8(options.vendorId),
  padsObjects: options.icmpObjectPad === 'zero',
});
