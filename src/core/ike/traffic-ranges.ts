/**
 * Traffic selectors of any shape (RFC 7296 §3.13.1): ranges of addresses with a protocol and ports, how
 * two of them overlap, and which prefixes make a range, as the kernel knows prefixes only.
 */
import { concat } from '../bytes/bytes.js';
import type { Selector } from '../kernel/child-sa.js';
import { addressBits, addressBytes, addressFromBytes, familyOf } from '../net/address.js';
import { bytesToInteger, integerToBytes } from '../pki/big-integer.js';
import type { TrafficSelector } from './payloads/traffic-selector.js';

/** IANA "IKEv2 Traffic Selector Types". */
export const TS_IPV4_ADDR_RANGE = 7;
export const TS_IPV6_ADDR_RANGE = 8;

export interface TrafficRange {
  /** Bytes of an address: 4 or 16. */
  length: 4 | 16;
  /** First and last address, as numbers. */
  start: bigint;
  end: bigint;
  /** IP protocol, 0 for any. */
  protocol: number;
  startPort: number;
  endPort: number;
}

const LAST_PORT = 65_535;

const lengthOf = (type: number): 4 | 16 | undefined =>
  type === TS_IPV4_ADDR_RANGE ? 4 : type === TS_IPV6_ADDR_RANGE ? 16 : undefined;

/**
 * A selector of a payload. `undefined` for one of another type, or that makes no sense (RFC 7296 §2.9:
 * it is left out); OPAQUE ports, which only fragments have, are among these.
 */
export function toRange(selector: TrafficSelector): TrafficRange | undefined {
  const { type, protocol, startPort, endPort, range } = selector;
  const length = lengthOf(type);
  if (length === undefined || range.length !== 2 * length || startPort > endPort) return undefined;
  const start = bytesToInteger(range.subarray(0, length));
  const end = bytesToInteger(range.subarray(length));
  // Ports of any protocol would be those of another one each time.
  if (protocol === 0 && !(startPort === 0 && endPort === LAST_PORT)) return undefined;
  return start <= end ? { length, start, end, protocol, startPort, endPort } : undefined;
}

/** Addresses in a prefix. */
const sizeOf = ({ prefix }: Selector): bigint =>
  1n << BigInt(addressBits(prefix.address) - prefix.length);

export function rangeOf(selector: Selector): TrafficRange {
  const { prefix, protocol, startPort, endPort } = selector;
  const size = sizeOf(selector);
  const start = (bytesToInteger(addressBytes(prefix.address)) / size) * size;
  const length = familyOf(prefix.address) === 4 ? 4 : 16;
  return { length, start, end: start + size - 1n, protocol, startPort, endPort };
}

export function toTrafficSelector(selector: Selector): TrafficSelector {
  const { protocol, startPort, endPort } = selector;
  const { length, start, end } = rangeOf(selector);
  return {
    type: length === 4 ? TS_IPV4_ADDR_RANGE : TS_IPV6_ADDR_RANGE,
    protocol,
    startPort,
    endPort,
    range: concat(integerToBytes(start, length), integerToBytes(end, length)),
  };
}

/** What is in both, if anything. */
export function overlap(a: TrafficRange, b: TrafficRange): TrafficRange | undefined {
  if (a.length !== b.length || (a.protocol !== 0 && b.protocol !== 0 && a.protocol !== b.protocol))
    return undefined;
  const common: TrafficRange = {
    length: a.length,
    start: a.start > b.start ? a.start : b.start,
    end: a.end < b.end ? a.end : b.end,
    protocol: a.protocol || b.protocol,
    startPort: Math.max(a.startPort, b.startPort),
    endPort: Math.min(a.endPort, b.endPort),
  };
  return common.start <= common.end && common.startPort <= common.endPort ? common : undefined;
}

export const isSameRange = (a: TrafficRange, b: TrafficRange): boolean =>
  a.length === b.length &&
  a.start === b.start &&
  a.end === b.end &&
  a.protocol === b.protocol &&
  a.startPort === b.startPort &&
  a.endPort === b.endPort;

/** True when all of `inner` is in `outer`. */
export function isWithin(inner: TrafficRange, outer: TrafficRange): boolean {
  const common = overlap(inner, outer);
  return common !== undefined && isSameRange(common, inner);
}

/**
 * Selectors with prefixes that together are the range, at most `limit`; `undefined` when it takes more,
 * or when the ports are a range that the kernel can not do.
 */
export function toSelectors(range: TrafficRange, limit: number): Selector[] | undefined {
  const { length, protocol, startPort, endPort } = range;
  if (!isUsable(range)) return undefined;
  const bits = 8 * length;
  const selectors: Selector[] = [];
  for (let at = range.start; at <= range.end; ) {
    if (selectors.length === limit) return undefined;
    let free = 0;
    // the largest block that begins here and does not go beyond the end
    while (
      free < bits &&
      at % (1n << BigInt(free + 1)) === 0n &&
      at + (1n << BigInt(free + 1)) - 1n <= range.end
    )
      free++;
    const address = addressFromBytes(integerToBytes(at, length))!;
    const prefix = { address, length: bits - free };
    selectors.push({ prefix, protocol, startPort, endPort });
    at += 1n << BigInt(free);
  }
  return selectors;
}

const ICMP = 1;
const ICMPV6 = 58;

/**
 * The kernel knows any port and single ports; for ICMP, where "ports" are type and code (RFC 7296
 * §3.13.1), one type with all or with one of its codes.
 */
function isUsable({ protocol, startPort, endPort }: TrafficRange): boolean {
  if (startPort === endPort || (startPort === 0 && endPort === LAST_PORT)) return true;
  const isOneType = startPort % 256 === 0 && endPort === startPort + 255;
  return (protocol === ICMP || protocol === ICMPV6) && isOneType;
}
