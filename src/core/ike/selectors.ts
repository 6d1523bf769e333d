/**
 * Traffic selectors of a tunnel for one pair of hosts (OE-101): what we propose, and how a peer's
 * proposal is narrowed (RFC 7296 §2.9).
 */
import { equal } from '../bytes/bytes.js';
import type { Selector } from '../kernel/child-sa.js';
import {
  addressBytes,
  addressFromBytes,
  familyOf,
  hostPrefix,
  type IpAddress,
  type Prefix,
} from '../net/address.js';
import type { TrafficSelector } from './payloads/traffic-selector.js';
import { TS_IPV4_ADDR_RANGE, TS_IPV6_ADDR_RANGE } from './traffic-ranges.js';

const ANY_PORT = { startPort: 0, endPort: 65_535 } as const;

/** All traffic of a host or subnet. */
export const wholeSelector = (prefix: Prefix): Selector => ({ prefix, protocol: 0, ...ANY_PORT });

/** A selector of a type that we know, with its two addresses. */
interface Range {
  selector: TrafficSelector;
  start: Uint8Array;
  end: Uint8Array;
}

const addressLength = (type: number): number =>
  type === TS_IPV4_ADDR_RANGE ? 4 : type === TS_IPV6_ADDR_RANGE ? 16 : 0;

/** RFC 7296 §2.9: selectors of other types, or that make no sense, are left out. */
function toRange(selector: TrafficSelector): Range | undefined {
  const length = addressLength(selector.type);
  if (length === 0 || selector.range.length !== 2 * length) return undefined;
  const start = selector.range.slice(0, length);
  const end = selector.range.slice(length);
  return isAtMost(start, end) ? { selector, start, end } : undefined;
}

function isAtMost(a: Uint8Array, b: Uint8Array): boolean {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return at < 0 || a[at]! < b[at]!;
}

function contains({ start, end }: Range, address: IpAddress): boolean {
  const bytes = addressBytes(address);
  return bytes.length === start.length && isAtMost(start, bytes) && isAtMost(bytes, end);
}

/**
 * The host of a side: that of the first selector if it names just one (the packet that triggered the
 * peer), else the gateway itself where the peer's wider range has room for it.
 */
function hostOf(ranges: readonly Range[], gateway: IpAddress): IpAddress | undefined {
  const [first] = ranges;
  if (first && equal(first.start, first.end)) return addressFromBytes(first.start);
  return ranges.some((range) => contains(range, gateway)) ? gateway : undefined;
}

type Ports = Pick<Selector, 'protocol' | 'startPort' | 'endPort'>;

const isAnyPort = ({ startPort, endPort }: Ports): boolean => startPort === 0 && endPort === 65_535;

/** XFRM knows any port and single ports, so we take nothing else. */
const isUsable = (selector: TrafficSelector): boolean =>
  isAnyPort(selector) || selector.startPort === selector.endPort;

/** Any protocol, any port. */
export const isEverything = (selector: Ports): boolean =>
  selector.protocol === 0 && isAnyPort(selector);

/** The widest protocol and ports that the peer's selectors allow for the host. */
function narrowSide(
  selectors: readonly TrafficSelector[],
  gateway: IpAddress,
): Selector | undefined {
  const ranges = selectors.flatMap((one) => toRange(one) ?? []);
  const host = hostOf(ranges, gateway);
  if (host === undefined) return undefined;
  const fitting = ranges
    .filter((range) => contains(range, host))
    .map(({ selector }) => selector)
    .filter(isUsable);
  const best = fitting.find(isEverything) ?? fitting[0];
  if (!best) return undefined;
  const { protocol, startPort, endPort } = best;
  return { prefix: hostPrefix(host), protocol, startPort, endPort };
}

export interface HostPair {
  ours: Selector;
  theirs: Selector;
}

/** A proposal narrowed to one pair of hosts, or `undefined`: TS_UNACCEPTABLE. */
export function narrow(
  theirSide: readonly TrafficSelector[],
  ourSide: readonly TrafficSelector[],
  gateways: { theirs: IpAddress; ours: IpAddress },
): HostPair | undefined {
  const theirs = narrowSide(theirSide, gateways.theirs);
  const ours = narrowSide(ourSide, gateways.ours);
  if (!theirs || !ours) return undefined;
  const sameFamily = familyOf(theirs.prefix.address) === familyOf(ours.prefix.address);
  return sameFamily && theirs.protocol === ours.protocol ? { ours, theirs } : undefined;
}

/** True when the first selectors of both sides name one host each: the packet that triggered the peer. */
export const isHostPair = (
  theirSide: readonly TrafficSelector[],
  ourSide: readonly TrafficSelector[],
): boolean =>
  [theirSide, ourSide].every((side) => {
    const range = side[0] && toRange(side[0]);
    return range && equal(range.start, range.end);
  });
