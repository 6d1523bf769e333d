/**
 * Lines for `ip -batch -` that make and unmake one tunnel in the SAD and SPD. Pure: values in, text
 * out. Lines carry keys and belong on the coprocess's standard input only; `what` is for people.
 *
 * Documents: RFC 4301 (SAD, SPD), ip-xfrm(8).
 */
import { toHex } from '../bytes/hex.js';
import { formatPrefix, type IpAddress } from '../net/address.js';
import type { ChildSa, EspKeys, EspSa, SaLimits, Selector } from './child-sa.js';

/** One command with the words that name it in errors, without keys. */
export interface IpCommand {
  line: string;
  what: string;
}

/**
 * Priority of our policies; the kernel prefers lower numbers. Hand-made policies have 0 by default,
 * strongSwan's stay below 500,000 and libreswan's below 2^24, so every configured tunnel wins
 * against an opportunistic one whatever their prefixes are (SP-1, OE-156).
 */
export const policyPriority = 0x7000_0000;

/** Packets of the anti-replay window; bears reordering by queues, also those of several processors. */
const replayWindow = 128;

export type PolicyDirection = 'out' | 'in' | 'fwd';

/** Protocols whose ports XFRM compares: TCP, UDP, DCCP, SCTP, UDP-Lite. */
const protocolsWithPorts = [6, 17, 33, 132, 136];

const isAny = ({ startPort, endPort }: Selector): boolean => startPort === 0 && endPort === 65535;

function portWords(name: 'sport' | 'dport', selector: Selector): string {
  const { startPort, endPort, protocol } = selector;
  if (isAny(selector)) return '';
  if (startPort !== endPort)
    throw new Error(`selector: XFRM has no port range, ${startPort}-${endPort} was asked for`);
  if (!protocolsWithPorts.includes(protocol))
    throw new Error(`selector: XFRM knows no port ${startPort} of protocol ${protocol}`);
  return ` ${name} ${startPort}`;
}

/** ICMP and ICMPv6. */
const protocolsWithTypes = [1, 58];

/** Type and code may stand on either side, or on both alike. */
function typeWords(from: Selector, to: Selector): string {
  const [one, other] = [from, to].filter((side) => !isAny(side));
  if (!one) return '';
  const { startPort, endPort } = one;
  if (other && (other.startPort !== startPort || other.endPort !== endPort))
    throw new Error(`selector: ICMP ${startPort}-${endPort} on one side, another on the other`);
  const type = startPort >> 8;
  if (startPort === endPort) return ` type ${type} code ${startPort & 255}`;
  if (startPort !== type * 256 || endPort !== startPort + 255)
    throw new Error(`selector: XFRM has no range of ICMP types, ${startPort}-${endPort}`);
  return ` type ${type}`;
}

/** `src … dst … [proto …]` of traffic from `from` to `to`. */
export function selectorWords(from: Selector, to: Selector): string {
  if (from.protocol !== to.protocol)
    throw new Error(`selector: protocols ${from.protocol} and ${to.protocol} differ`);
  const protocol = from.protocol === 0 ? '' : ` proto ${from.protocol}`;
  const ports = protocolsWithTypes.includes(from.protocol)
    ? typeWords(from, to)
    : portWords('sport', from) + portWords('dport', to);
  return `src ${formatPrefix(from.prefix)} dst ${formatPrefix(to.prefix)}${protocol}${ports}`;
}

function keyWords(keys: EspKeys): string {
  if (keys.kind === 'aead') return `aead ${keys.name} 0x${toHex(keys.key)} ${keys.icvBits}`;
  return (
    `auth-trunc ${keys.integrity} 0x${toHex(keys.integrityKey)} ${keys.icvBits} ` +
    `enc ${keys.encryption} 0x${toHex(keys.encryptionKey)}`
  );
}

interface OneWay {
  sa: EspSa;
  from: IpAddress;
  to: IpAddress;
  /** One for each pair of its traffic. */
  selectors: readonly string[];
  ports: { from: number; to: number } | undefined;
}

const pairsOf = (sa: ChildSa): readonly Pick<ChildSa, 'ours' | 'theirs'>[] => [
  sa,
  ...(sa.furtherTraffic ?? []),
];

const inboundOf = (sa: ChildSa): OneWay => ({
  sa: sa.inbound,
  from: sa.remote,
  to: sa.local,
  selectors: pairsOf(sa).map(({ ours, theirs }) => selectorWords(theirs, ours)),
  ports: sa.encapsulation && {
    from: sa.encapsulation.remotePort,
    to: sa.encapsulation.localPort,
  },
});

const outboundOf = (sa: ChildSa): OneWay => ({
  sa: sa.outbound,
  from: sa.local,
  to: sa.remote,
  selectors: pairsOf(sa).map(({ ours, theirs }) => selectorWords(ours, theirs)),
  ports: sa.encapsulation && {
    from: sa.encapsulation.localPort,
    to: sa.encapsulation.remotePort,
  },
});

const hexSpi = (spi: number): string => `0x${spi.toString(16).padStart(8, '0')}`;

const stateId = (way: OneWay): string =>
  `src ${way.from} dst ${way.to} proto esp spi ${hexSpi(way.sa.spi)}`;

/** The kernel's own words for limits; what is not limited is left out. */
const limitWords = (limits: SaLimits): string =>
  [
    ['time-soft', limits.softSeconds],
    ['time-hard', limits.hardSeconds],
    ['byte-soft', limits.softBytes],
    ['byte-hard', limits.hardBytes],
    ['packet-soft', limits.softPackets],
    ['packet-hard', limits.hardPackets],
  ]
    .map(([name, limit]) => (limit ? ` limit ${name} ${limit}` : ''))
    .join('');

function addState(way: OneWay, child: ChildSa, reqid: number): IpCommand {
  const encapsulation = way.ports
    ? ` encap espinudp ${way.ports.from} ${way.ports.to} 0.0.0.0`
    : '';
  // `sel` makes the kernel check the inner addresses after decryption (OE-157), and names their
  // family, which may differ from that of the tunnel. There is only one: the policies check where
  // the traffic is more, and `af-unspec` leaves the family open.
  const [only, ...more] = way.selectors;
  const flags = [...(child.extendedSequence ? ['esn'] : []), ...(more.length ? ['af-unspec'] : [])];
  const flagWords = flags.length > 0 ? `flag ${flags.join(' ')} ` : '';
  const selector = more.length > 0 ? '' : ` sel ${only}`;
  const line =
    `xfrm state add ${stateId(way)} reqid ${reqid} mode ${child.mode} ` +
    `replay-window ${replayWindow} ${flagWords}${keyWords(way.sa.keys)}` +
    `${encapsulation}${selector}${limitWords(child)}`;
  return { line, what: `add ESP state ${stateId(way)}` };
}

function deleteState(way: OneWay): IpCommand {
  return { line: `xfrm state delete ${stateId(way)}`, what: `delete ESP state ${stateId(way)}` };
}

const wayOf = (direction: PolicyDirection, sa: ChildSa): OneWay =>
  direction === 'out' ? outboundOf(sa) : inboundOf(sa);

/** Adds policies (refused when there is one with such a selector), or replaces some that are ours. */
export function writePolicies(
  verb: 'add' | 'update',
  direction: PolicyDirection,
  sa: ChildSa,
  reqid: number,
): IpCommand[] {
  const way = wayOf(direction, sa);
  return way.selectors.map((selector) => ({
    line:
      `xfrm policy ${verb} ${selector} dir ${direction} priority ${policyPriority} ` +
      `tmpl src ${way.from} dst ${way.to} proto esp reqid ${reqid} mode ${sa.mode}`,
    what: `${verb} policy ${direction} ${selector}`,
  }));
}

export const deletePolicies = (direction: PolicyDirection, sa: ChildSa): IpCommand[] =>
  wayOf(direction, sa).selectors.map((selector) => ({
    line: `xfrm policy delete ${selector} dir ${direction}`,
    what: `delete policy ${direction} ${selector}`,
  }));

/** A command with the one that takes it back; absent where there is nothing to take back. */
export interface Step {
  command: IpCommand;
  undo?: IpCommand;
}

const addStep = (way: OneWay, sa: ChildSa, reqid: number): Step => ({
  command: addState(way, sa, reqid),
  undo: deleteState(way),
});

export const addInbound = (sa: ChildSa, reqid: number): Step => addStep(inboundOf(sa), sa, reqid);

export const addOutbound = (sa: ChildSa, reqid: number): Step => addStep(outboundOf(sa), sa, reqid);

export const deleteOutbound = (sa: ChildSa): IpCommand => deleteState(outboundOf(sa));

/** Both states; the inbound one first, so that the peer's first packet finds it. */
export const addStates = (sa: ChildSa, reqid: number): Step[] => [
  addInbound(sa, reqid),
  addOutbound(sa, reqid),
];

export const deleteStates = (sa: ChildSa): IpCommand[] =>
  [outboundOf(sa), inboundOf(sa)].map(deleteState);

/** Directions in the order of installing: what comes in must pass before anything goes out. */
export const policyDirections = (sa: ChildSa): readonly PolicyDirection[] =>
  sa.mode === 'tunnel' ? ['in', 'fwd', 'out'] : ['in', 'out'];

/** Names the traffic of a tunnel: two tunnels with the same key share their policies. */
export const trafficKey = (sa: ChildSa): string => outboundOf(sa).selectors.join('; ');

/** Names a tunnel's ends and traffic: a rekeyed tunnel has the same key, and keeps its reqid. */
export const tunnelKey = (sa: ChildSa): string =>
  `${sa.local} ${sa.remote} ${sa.mode} ${trafficKey(sa)}`;
