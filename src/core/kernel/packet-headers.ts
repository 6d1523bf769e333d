/**
 * Addresses, protocol and ports out of the first bytes of an IP packet: what names a flow. Bytes of
 * strangers: every length is compared before use.
 *
 * Documents: RFC 791 §3.1, RFC 8200 §4, RFC 792, RFC 4443.
 */
import { addressFromBytes, type IpAddress } from '../net/address.js';

export interface PacketHeaders {
  source: IpAddress;
  destination: IpAddress;
  /** Of the upper layer: behind the extension headers of IPv6. */
  protocol: number;
  /** Ports, or the identifier of an ICMP echo as the source port, or 0. */
  sourcePort: number;
  destinationPort: number;
}

/** More extension headers than this are no packet that anybody sends in earnest. */
const maxExtensionHeaders = 8;

const hopByHop = 0;
const routing = 43;
const fragment = 44;
const authentication = 51;
const destinationOptions = 60;
const icmp = 1;
const icmpv6 = 58;
/** TCP, UDP, DCCP, SCTP, UDP-Lite. */
const protocolsWithPorts = [6, 17, 33, 132, 136];
/** Echo request and reply of ICMP and of ICMPv6. */
const echoTypes: Record<number, readonly number[]> = { [icmp]: [8, 0], [icmpv6]: [128, 129] };

const u16 = (bytes: Uint8Array, at: number): number => bytes[at]! * 256 + bytes[at + 1]!;

/** Where the upper layer begins; `at` is beyond the packet's end when its header is not there. */
interface Upper {
  protocol: number;
  at: number;
}

function ports(packet: Uint8Array, upper: Upper): { sourcePort: number; destinationPort: number } {
  const none = { sourcePort: 0, destinationPort: 0 };
  const { protocol, at } = upper;
  if (protocolsWithPorts.includes(protocol) && at + 4 <= packet.length)
    return { sourcePort: u16(packet, at), destinationPort: u16(packet, at + 2) };
  if (at + 6 <= packet.length && echoTypes[protocol]?.includes(packet[at]!))
    return { sourcePort: u16(packet, at + 4), destinationPort: 0 };
  return none;
}

function readIpv4(packet: Uint8Array): PacketHeaders | undefined {
  const headerLength = (packet[0]! & 15) * 4;
  if (headerLength < 20 || packet.length < headerLength) return undefined;
  const isLaterFragment = (u16(packet, 6) & 0x1fff) !== 0;
  const upper = {
    protocol: packet[9]!,
    at: isLaterFragment ? packet.length : headerLength,
  };
  return {
    source: addressFromBytes(packet.subarray(12, 16)),
    destination: addressFromBytes(packet.subarray(16, 20)),
    protocol: upper.protocol,
    ...ports(packet, upper),
  };
}

/** Walks the extension headers; stops where they end, are cut short or are too many. */
function upperOfIpv6(packet: Uint8Array): Upper {
  let protocol = packet[6]!;
  let at = 40;
  for (let count = 0; count < maxExtensionHeaders; count++) {
    const isOptions = [hopByHop, routing, destinationOptions].includes(protocol);
    if (!isOptions && protocol !== fragment && protocol !== authentication) break;
    if (at + 8 > packet.length) return { protocol, at: packet.length };
    const isLaterFragment = protocol === fragment && (u16(packet, at + 2) & 0xfff8) !== 0;
    const length =
      protocol === fragment
        ? 8
        : protocol === authentication
          ? (packet[at + 1]! + 2) * 4
          : (packet[at + 1]! + 1) * 8;
    protocol = packet[at]!;
    at += length;
    if (isLaterFragment) return { protocol, at: packet.length };
  }
  return { protocol, at };
}

function readIpv6(packet: Uint8Array): PacketHeaders | undefined {
  if (packet.length < 40) return undefined;
  const upper = upperOfIpv6(packet);
  return {
    source: addressFromBytes(packet.subarray(8, 24)),
    destination: addressFromBytes(packet.subarray(24, 40)),
    protocol: upper.protocol,
    ...ports(packet, upper),
  };
}

/** `undefined` when it is no IP packet, or its fixed header is not all there. */
export function readHeaders(packet: Uint8Array): PacketHeaders | undefined {
  if (packet.length < 20) return undefined;
  const version = packet[0]! >> 4;
  if (version === 4) return readIpv4(packet);
  return version === 6 ? readIpv6(packet) : undefined;
}
