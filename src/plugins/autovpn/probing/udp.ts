/** Probe Response: UDP to port 4500 behind a marker (draft-sheffer-autovpn-00 §5.2, §5.3). */
import { concat, uintBytes } from '../../../core/bytes/bytes.js';
import {
  ownLength,
  reserved,
  rest,
  splitRecords,
  struct,
  u8,
  u16,
} from '../../../core/bytes/struct.js';
import type { IpAddress } from '../../../core/net/address.js';
import { protocols, readIpv4, readUdp, writeIpv4, writeUdp } from '../../../core/net/ipv4.js';
import { dropped, type Probe, type ProbeRead, payloadsOf, readProbe } from './message.js';
import { mostPayloads, type Numbers, probePort } from './numbers.js';

/** §5.3, Figure 4 */
const payload = struct('payload', {
  type: u8,
  zero: reserved(1),
  length: ownLength(u16),
  value: rest,
});

const shortMarker = 4;
const longMarker = 16;

export interface UdpProbe {
  source: IpAddress;
  sourcePort: number;
  /** The host that the clear traffic goes to. */
  destination: IpAddress;
  probe: Probe & { kind: 'response' };
}

/** The whole IP packet. */
export function writeUdpProbe(
  message: UdpProbe,
  numbers: Numbers,
  identification?: number,
): Uint8Array {
  const { source, sourcePort, destination, probe } = message;
  const marker = new Uint8Array(numbers.markerLength);
  marker.set(uintBytes(numbers.spiMarker, 4));
  const content = concat(marker, ...payloadsOf(probe).map((each) => payload.write(each)));
  const datagram = writeUdp(
    { source, destination },
    { sourcePort, destinationPort: probePort, payload: content },
  );
  return writeIpv4(
    { source, destination, protocol: protocols.udp, payload: datagram },
    identification,
  );
}

/** First the type of a payload, never 0, or the zeros of the long form (AV-A3). */
function markerLengthOf(content: Uint8Array, numbers: Numbers): number | undefined {
  const isLong = content.subarray(shortMarker, longMarker).every((octet) => octet === 0);
  const length = content[shortMarker] !== 0 ? shortMarker : isLong ? longMarker : undefined;
  if (length === undefined || content.length < length) return undefined;
  return numbers.accepts === 'both' || numbers.accepts === String(length) ? length : undefined;
}

/** Of a packet whose first word behind the UDP header is the marker; `undefined` for another one. */
export function readUdpProbe(
  packet: Uint8Array,
  numbers: Numbers,
): ProbeRead<UdpProbe> | undefined {
  const udpAt = (packet[0]! & 15) * 4;
  const word = packet.subarray(udpAt + 8, udpAt + 12);
  const marker = uintBytes(numbers.spiMarker, 4);
  const port = packet[udpAt + 2]! * 256 + packet[udpAt + 3]!;
  const isOurs = word.length === 4 && marker.every((octet, at) => octet === word[at]);
  if (packet[9] !== protocols.udp || port !== probePort || !isOurs) return undefined;
  const ip = readIpv4(packet);
  if (!ip.ok) return dropped(ip.error.includes('checksum') ? 'checksum' : 'length', ip.error);
  const { source, destination } = ip.value;
  const udp = readUdp(ip.value, ip.value.payload);
  if (!udp.ok) return dropped(udp.error.includes('checksum') ? 'checksum' : 'length', udp.error);
  const content = udp.value.payload;
  const length = markerLengthOf(content, numbers);
  if (length === undefined) return dropped('length', 'no marker that is accepted here');
  const records = splitRecords('payloads', content.subarray(length), mostPayloads);
  if (!records.ok) return dropped('length', records.error);
  const payloads = records.value.flatMap((each) => {
    const read = payload.read(each);
    return read.ok ? [read.value] : [];
  });
  const probe = readProbe(payloads, ['response']);
  if (!probe.ok) return probe;
  const value = probe.value as UdpProbe['probe'];
  return {
    ok: true,
    value: { source, sourcePort: udp.value.sourcePort, destination, probe: value },
  };
}
