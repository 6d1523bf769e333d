/**
 * Capture files for tests under Node: writes UDP and ESP over IPv4 for tshark, and reads the
 * datagrams of files that others have captured (pcap and pcapng, Ethernet or raw IPv4).
 */
import { concat, uintBytes } from '../../src/core/bytes/bytes.js';
import { addressBytes } from '../../src/core/net/address.js';
import type { Endpoint } from '../../src/core/net/network.js';

const RAW_IP = 101;
const ETHERNET = 1;
const UDP = 17;
export const ESP = 50;

const numbers = (...values: readonly [value: number, length: number][]) =>
  concat(...values.map(([value, length]) => uintBytes(value, length)));

/** An IPv4 packet without checksum. */
export function ipPacket(
  from: Endpoint['address'],
  to: Endpoint['address'],
  protocol: number,
  payload: Uint8Array,
): Uint8Array {
  const head = numbers(
    [0x4500, 2],
    [20 + payload.length, 2],
    [0, 4],
    [64, 1],
    [protocol, 1],
    [0, 2],
  );
  return concat(head, addressBytes(from), addressBytes(to), payload);
}

/** An IPv4 packet of a UDP datagram, without checksums. */
export const udpPacket = (from: Endpoint, to: Endpoint, bytes: Uint8Array): Uint8Array =>
  ipPacket(
    from.address,
    to.address,
    UDP,
    concat(numbers([from.port, 2], [to.port, 2], [8 + bytes.length, 2], [0, 2]), bytes),
  );

/** A pcap file of IP packets, a second apart. */
export function writeCapture(packets: readonly Uint8Array[]): Uint8Array {
  const records = packets.map((packet, second) =>
    concat(numbers([second, 4], [0, 4], [packet.length, 4], [packet.length, 4]), packet),
  );
  const head = numbers([0xa1b2c3d4, 4], [2, 2], [4, 2], [0, 8], [65_535, 4], [RAW_IP, 4]);
  return concat(head, ...records);
}

/** A datagram of a capture. */
export interface Datagram {
  sourcePort: number;
  destinationPort: number;
  bytes: Uint8Array;
}

/** The UDP datagrams over IPv4 of a capture file, those in fragments left out. */
export function readDatagrams(file: Uint8Array): Datagram[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const isNg = view.getUint32(0) === 0x0a0d0d0a;
  return (isNg ? pcapngFrames(file, view) : pcapFrames(file, view)).flatMap(datagramIn);
}

interface Frame {
  linkType: number;
  bytes: Uint8Array;
}

function pcapFrames(file: Uint8Array, view: DataView): Frame[] {
  const isLittle = view.getUint8(0) === 0xd4 || view.getUint8(0) === 0x4d;
  const linkType = view.getUint32(20, isLittle);
  const frames: Frame[] = [];
  for (let at = 24; at + 16 <= file.length; ) {
    const length = view.getUint32(at + 8, isLittle);
    frames.push({ linkType, bytes: file.subarray(at + 16, at + 16 + length) });
    at += 16 + length;
  }
  return frames;
}

/** Interface description blocks, type 1, give the link type; enhanced packet blocks are of type 6. */
function pcapngFrames(file: Uint8Array, view: DataView): Frame[] {
  const isLittle = view.getUint32(8, true) === 0x1a2b3c4d;
  const linkTypes: number[] = [];
  const frames: Frame[] = [];
  for (let at = 0; at + 12 <= file.length; at += view.getUint32(at + 4, isLittle)) {
    const type = view.getUint32(at, isLittle);
    if (type === 1) linkTypes.push(view.getUint16(at + 8, isLittle));
    if (type !== 6) continue;
    const linkType = linkTypes[view.getUint32(at + 8, isLittle)]!;
    const length = view.getUint32(at + 20, isLittle);
    frames.push({ linkType, bytes: file.subarray(at + 28, at + 28 + length) });
  }
  return frames;
}

function datagramIn({ linkType, bytes }: Frame): Datagram[] {
  const ip = linkType === ETHERNET ? bytes.subarray(14) : bytes;
  const isWhole = ((ip[6]! & 0x3f) << 8) + ip[7]! === 0;
  if (ip[0]! >> 4 !== 4 || ip[9] !== UDP || !isWhole) return [];
  const udp = ip.subarray((ip[0]! & 15) * 4);
  const number = (at: number) => udp[at]! * 256 + udp[at + 1]!;
  return [{ sourcePort: number(0), destinationPort: number(2), bytes: udp.slice(8, number(4)) }];
}
