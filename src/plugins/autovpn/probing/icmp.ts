/**
 * Probe Request and Probe Complete: ICMP Parameter Problem with an extension structure (RFC 792,
 * RFC 4884; draft-sheffer-autovpn-00 §5.1).
 */
import { concat } from '../../../core/bytes/bytes.js';
import { ownLength, reserved, rest, struct, u8, u16 } from '../../../core/bytes/struct.js';
import type { IpAddress } from '../../../core/net/address.js';
import {
  internetChecksum,
  protocols,
  type QuotedPacket,
  readIpv4,
  readQuoted,
  withChecksum,
  writeIpv4,
} from '../../../core/net/ipv4.js';
import {
  dropped,
  type Probe,
  type ProbePayload,
  type ProbeRead,
  payloadsOf,
  readProbe,
} from './message.js';
import { icmpCode, icmpType, mostPayloads, type Numbers } from './numbers.js';

/** RFC 4884 §4.3. `words`: of the original datagram, 32 bits each. */
const icmp = struct('icmp', {
  type: u8,
  code: u8,
  checksum: u16,
  pointer: u8,
  words: u8,
  unused: reserved(2),
  data: rest,
});
const checksumAt = 2;
const icmpHeaderLength = 8;

/** RFC 4884 §7; the upper 4 bits are the version, the others are not looked at. */
const extension = struct('extension', {
  version: u8,
  reserved: reserved(1),
  checksum: u16,
  objects: rest,
});
const extensionVersion = 2;

/** RFC 4884 §8 */
const object = struct('object', { length: ownLength(u16), classNumber: u8, type: u8, value: rest });
const objectHeaderLength = 4;

/** RFC 4884 §4: with an extension behind it the datagram has at least so much. */
const shortestDatagram = 128;

const aligned = (length: number): number => (length + 3) & ~3;

const padded = (bytes: Uint8Array, length: number): Uint8Array => {
  const whole = new Uint8Array(length);
  whole.set(bytes);
  return whole;
};

function writeObject(payload: ProbePayload, numbers: Numbers): Uint8Array {
  const bytes = object.write({ classNumber: numbers.icmpClass, ...payload });
  return numbers.padsObjects ? padded(bytes, aligned(bytes.length)) : bytes;
}

export interface IcmpProbe {
  source: IpAddress;
  destination: IpAddress;
  probe: Probe & { kind: 'request' | 'complete' };
}

/** The whole IP packet. `quoted`: a clear packet from its IP header on, cut where one likes. */
export function writeIcmpProbe(
  { source, destination, probe }: IcmpProbe,
  quoted: Uint8Array,
  numbers: Numbers,
  identification?: number,
): Uint8Array {
  const datagram = padded(quoted, Math.max(shortestDatagram, aligned(quoted.length)));
  const objects = concat(...payloadsOf(probe).map((payload) => writeObject(payload, numbers)));
  const structure = extension.write({ version: extensionVersion << 4, checksum: 0, objects });
  const message = icmp.write({
    type: icmpType,
    code: icmpCode,
    checksum: 0,
    pointer: 0,
    words: datagram.length / 4,
    data: concat(datagram, withChecksum(structure, checksumAt)),
  });
  const payload = withChecksum(message, checksumAt);
  return writeIpv4({ source, destination, protocol: protocols.icmp, payload }, identification);
}

/** Objects in a row; some senders fill them up to 32-bit words. `isWhole` is false for what does not fit. */
function splitObjects(bytes: Uint8Array): { objects: Uint8Array[]; isWhole: boolean } {
  const objects: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length && objects.length <= mostPayloads) {
    const isPadding = bytes.subarray(at, aligned(at)).every((octet) => octet === 0);
    if (at % 4 !== 0 && isPadding && lengthAt(bytes, at) < objectHeaderLength) at = aligned(at);
    if (at >= bytes.length) break;
    const length = lengthAt(bytes, at);
    if (length < objectHeaderLength || length > bytes.length - at)
      return { objects, isWhole: false };
    objects.push(bytes.slice(at, at + length));
    at += length;
  }
  return { objects, isWhole: objects.length <= mostPayloads };
}

const lengthAt = (bytes: Uint8Array, at: number): number =>
  at + 2 > bytes.length ? 0 : bytes[at]! * 256 + bytes[at + 1]!;

const classOf = (bytes: Uint8Array): number | undefined => bytes[2];

/** One of ours, whole or not, shows our Class-Num in an object or where the first one would be. */
function isOurs(objects: Uint8Array, split: readonly Uint8Array[], numbers: Numbers): boolean {
  return [objects, ...split].some((each) => classOf(each) === numbers.icmpClass);
}

export interface ReceivedIcmpProbe extends IcmpProbe {
  quoted: QuotedPacket;
}

/** `undefined`: none of ours, to be left alone (AV-79). */
export function readIcmpProbe(
  packet: Uint8Array,
  numbers: Numbers,
): ProbeRead<ReceivedIcmpProbe> | undefined {
  const headerLength = (packet[0]! & 15) * 4;
  const message = icmp.read(packet.subarray(headerLength));
  if (!message.ok || message.value.type !== icmpType || message.value.code !== icmpCode)
    return undefined;
  const { words, data } = message.value;
  const structure = extension.read(data.subarray(words * 4));
  if (words === 0 || !structure.ok) return undefined;
  const { objects, isWhole } = splitObjects(structure.value.objects);
  if (!isOurs(structure.value.objects, objects, numbers)) return undefined;
  if (!isWhole) return dropped('length', 'an object is longer than the message, or too short');
  return readOurs(packet, headerLength, words * 4, objects, numbers);
}

function readOurs(
  packet: Uint8Array,
  headerLength: number,
  datagramLength: number,
  objects: readonly Uint8Array[],
  numbers: Numbers,
): ProbeRead<ReceivedIcmpProbe> {
  const ip = readIpv4(packet);
  if (!ip.ok) return dropped(ip.error.includes('checksum') ? 'checksum' : 'length', ip.error);
  const { source, destination, payload } = ip.value;
  const structure = packet.subarray(headerLength + icmpHeaderLength + datagramLength);
  if (internetChecksum(payload) !== 0) return dropped('checksum', 'ICMP');
  if (structure[0]! >> 4 !== extensionVersion) return dropped('version', 'of the extension');
  const hasSum = structure[2] !== 0 || structure[3] !== 0;
  if (hasSum && internetChecksum(structure) !== 0) return dropped('checksum', 'extension');
  const quoted = readQuoted(payload.subarray(icmpHeaderLength, icmpHeaderLength + datagramLength));
  if (datagramLength < shortestDatagram || !quoted.ok)
    return dropped('embedded packet', quoted.ok ? `${datagramLength} octets` : quoted.error);
  const payloads = objects.flatMap((each) => {
    const read = object.read(each);
    return read.ok && read.value.classNumber === numbers.icmpClass ? [read.value] : [];
  });
  const probe = readProbe(payloads, ['request', 'complete']);
  if (!probe.ok) return probe;
  const value = probe.value as IcmpProbe['probe'];
  return { ok: true, value: { source, destination, probe: value, quoted: quoted.value } };
}
