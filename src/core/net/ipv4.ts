/** IPv4 and UDP headers, whole packets in and out (RFC 791, RFC 768). Pure. */
import { concat } from '../bytes/bytes.js';
import { bytes, type Read, struct, u8, u16 } from '../bytes/struct.js';
import { addressBytes, addressFromBytes, type IpAddress } from './address.js';

/** RFC 791 §3.1, without options. */
const header = struct('ipv4', {
  versionAndLength: u8,
  typeOfService: u8,
  totalLength: u16,
  identification: u16,
  fragment: u16,
  timeToLive: u8,
  protocol: u8,
  checksum: u16,
  source: bytes(4),
  destination: bytes(4),
});
const headerLength = 20;

const udpHeader = struct('udp', {
  sourcePort: u16,
  destinationPort: u16,
  length: u16,
  checksum: u16,
});
const udpHeaderLength = 8;

export const protocols = { icmp: 1, tcp: 6, udp: 17 } as const;

/**
 * The Internet checksum (RFC 1071) over the parts in a row; all but the last have an even length. 0 when
 * the parts hold their own correct checksum.
 */
export function internetChecksum(...parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts)
    for (let at = 0; at < part.length; at += 2) sum += part[at]! * 256 + (part[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

/** `bytes` with its checksum at `at`, where it has zeros. */
export function withChecksum(
  bytes: Uint8Array,
  at: number,
  sum = internetChecksum(bytes),
): Uint8Array {
  const whole = bytes.slice();
  whole[at] = sum >> 8;
  whole[at + 1] = sum & 255;
  return whole;
}

export interface Ipv4Packet {
  source: IpAddress;
  destination: IpAddress;
  protocol: number;
  /** What follows the header. */
  payload: Uint8Array;
}

/** TTL 64, no options, may be fragmented. `identification` 0: the kernel fills it in. */
export function writeIpv4(packet: Ipv4Packet, identification = 0): Uint8Array {
  const { source, destination, protocol, payload } = packet;
  const head = header.write({
    versionAndLength: 0x45,
    typeOfService: 0,
    totalLength: headerLength + payload.length,
    identification,
    fragment: 0,
    timeToLive: 64,
    protocol,
    checksum: 0,
    source: addressBytes(source),
    destination: addressBytes(destination),
  });
  return concat(withChecksum(head, 10), payload);
}

const fails = (error: string): { ok: false; error: string } => ({ ok: false, error });

/** A whole packet, no fragment, with a correct header checksum. */
export function readIpv4(packet: Uint8Array): Read<Ipv4Packet> {
  const fixed = header.read(packet.subarray(0, headerLength));
  if (!fixed.ok) return fixed;
  const { versionAndLength, totalLength, fragment, protocol } = fixed.value;
  const length = (versionAndLength & 15) * 4;
  if (versionAndLength >> 4 !== 4) return fails('ipv4: another version');
  if (length < headerLength || length > totalLength || totalLength > packet.length)
    return fails(`ipv4: says ${length} of ${totalLength} bytes, there are ${packet.length}`);
  if ((fragment & 0x3fff) !== 0) return fails('ipv4: a fragment');
  if (internetChecksum(packet.subarray(0, length)) !== 0) return fails('ipv4: wrong checksum');
  return {
    ok: true,
    value: {
      source: addressFromBytes(fixed.value.source),
      destination: addressFromBytes(fixed.value.destination),
      protocol,
      payload: packet.slice(length, totalLength),
    },
  };
}

/** The head of a packet as an ICMP error quotes it: the ports may be there, the rest may be cut. */
export interface QuotedPacket extends Omit<Ipv4Packet, 'payload'> {
  /** 0 for protocols other than TCP and UDP. */
  sourcePort: number;
  destinationPort: number;
}

/** Needs the header and 8 octets behind it, of a packet that had them (RFC 792). */
export function readQuoted(quoted: Uint8Array): Read<QuotedPacket> {
  const fixed = header.read(quoted.subarray(0, headerLength));
  if (!fixed.ok) return fixed;
  const { versionAndLength, totalLength, protocol } = fixed.value;
  const length = (versionAndLength & 15) * 4;
  const there = Math.min(quoted.length, totalLength);
  if (versionAndLength >> 4 !== 4 || length < headerLength || there < length + 8)
    return fails(`quoted packet: header of ${length} bytes, ${there} are there`);
  const hasPorts = protocol === protocols.tcp || protocol === protocols.udp;
  const port = (at: number) => (hasPorts ? quoted[at]! * 256 + quoted[at + 1]! : 0);
  return {
    ok: true,
    value: {
      source: addressFromBytes(fixed.value.source),
      destination: addressFromBytes(fixed.value.destination),
      protocol,
      sourcePort: port(length),
      destinationPort: port(length + 2),
    },
  };
}

export interface UdpDatagram {
  sourcePort: number;
  destinationPort: number;
  payload: Uint8Array;
}

type Ends = Pick<Ipv4Packet, 'source' | 'destination'>;

/** RFC 768: what the checksum covers beside the datagram. */
const pseudoHeader = ({ source, destination }: Ends, length: number): Uint8Array =>
  concat(
    addressBytes(source),
    addressBytes(destination),
    Uint8Array.of(0, protocols.udp, length >> 8, length & 255),
  );

export function writeUdp(ends: Ends, datagram: UdpDatagram): Uint8Array {
  const { payload, ...ports } = datagram;
  const length = udpHeaderLength + payload.length;
  const bare = concat(udpHeader.write({ ...ports, length, checksum: 0 }), payload);
  const sum = internetChecksum(pseudoHeader(ends, length), bare);
  // 0 would say that there is none
  return withChecksum(bare, 6, sum === 0 ? 0xffff : sum);
}

/** With a correct checksum, or none. */
export function readUdp(ends: Ends, bytes: Uint8Array): Read<UdpDatagram> {
  const head = udpHeader.read(bytes.subarray(0, udpHeaderLength));
  if (!head.ok) return head;
  const { sourcePort, destinationPort, length, checksum } = head.value;
  if (length < udpHeaderLength || length > bytes.length)
    return fails(`udp: says ${length} bytes, there are ${bytes.length}`);
  const datagram = bytes.subarray(0, length);
  if (checksum !== 0 && internetChecksum(pseudoHeader(ends, length), datagram) !== 0)
    return fails('udp: wrong checksum');
  return {
    ok: true,
    value: { sourcePort, destinationPort, payload: datagram.slice(udpHeaderLength) },
  };
}
