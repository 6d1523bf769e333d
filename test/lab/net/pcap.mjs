// Reads a capture file (pcap, microseconds, Ethernet) into packets with the fields that scenarios
// ask for. Written for what our own tcpdump wrote a moment ago: not a reader of strangers' files.

const etherTypes = { ipv4: 0x0800, ipv6: 0x86dd };
const protocols = { icmp: 1, tcp: 6, udp: 17, esp: 50, icmp6: 58 };
const protocolNames = Object.fromEntries(
  Object.entries(protocols).map(([name, number]) => [number, name]),
);

/** All whole packets of the file's bytes, in order, without ARP and the like. */
export function readCapture(bytes) {
  const packets = [];
  let offset = 24;
  while (offset + 16 <= bytes.length) {
    const length = bytes.readUInt32LE(offset + 8);
    const start = offset + 16;
    if (start + length > bytes.length) break;
    // milliseconds of the wall clock, as Date.now()
    const time = bytes.readUInt32LE(offset) * 1000 + bytes.readUInt32LE(offset + 4) / 1000;
    const packet = readFrame(bytes.subarray(start, start + length));
    if (packet) packets.push({ time, ...packet });
    offset = start + length;
  }
  return packets;
}

function readFrame(frame) {
  if (frame.length < 14) return undefined; // still being written
  const type = frame.readUInt16BE(12);
  if (type === etherTypes.ipv4) return readIpv4(frame.subarray(14));
  if (type === etherTypes.ipv6) return readIpv6(frame.subarray(14));
  return undefined;
}

function readIpv4(bytes) {
  const fragmentOffset = bytes.readUInt16BE(6) & 0x1fff;
  const header = {
    family: 4,
    length: bytes.readUInt16BE(2),
    source: [...bytes.subarray(12, 16)].join('.'),
    destination: [...bytes.subarray(16, 20)].join('.'),
    protocol: protocolNames[bytes[9]] ?? String(bytes[9]),
  };
  const payload = bytes.subarray((bytes[0] & 15) * 4, header.length);
  return fragmentOffset > 0 ? header : { ...header, ...readPayload(header.protocol, payload) };
}

function readIpv6(bytes) {
  const header = {
    family: 6,
    length: 40 + bytes.readUInt16BE(4),
    source: ipv6Text(bytes.subarray(8, 24)),
    destination: ipv6Text(bytes.subarray(24, 40)),
    protocol: protocolNames[bytes[6]] ?? String(bytes[6]),
  };
  return { ...header, ...readPayload(header.protocol, bytes.subarray(40, header.length)) };
}

/** RFC 5952: the longest run of zero groups becomes `::`. */
function ipv6Text(bytes) {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2));
  const runs = groups.map((_, start) => {
    const end = groups.findIndex((group, index) => index >= start && group !== 0);
    return (end < 0 ? 8 : end) - start;
  });
  const longest = Math.max(...runs);
  const text = (part) => part.map((group) => group.toString(16)).join(':');
  if (longest < 2) return text(groups);
  const at = runs.indexOf(longest);
  return `${text(groups.slice(0, at))}::${text(groups.slice(at + longest))}`;
}

function readPayload(protocol, bytes) {
  if (protocol === 'tcp') return readTcp(bytes);
  if (protocol === 'udp') return readUdp(bytes);
  if (protocol === 'icmp')
    return { icmp: { type: bytes[0], code: bytes[1] }, ...readIcmpProbe(bytes) };
  if (protocol === 'esp')
    return { spi: hex(bytes.subarray(0, 4)), sequence: bytes.readUInt32BE(4) };
  return {};
}

const tcpFlags = ['fin', 'syn', 'rst', 'psh', 'ack'];

function readTcp(bytes) {
  return {
    sourcePort: bytes.readUInt16BE(0),
    destinationPort: bytes.readUInt16BE(2),
    flags: tcpFlags.filter((_, bit) => bytes[13] & (1 << bit)),
  };
}

function readUdp(bytes) {
  const ports = { sourcePort: bytes.readUInt16BE(0), destinationPort: bytes.readUInt16BE(2) };
  const payload = bytes.subarray(8);
  const isAt = (port) => ports.sourcePort === port || ports.destinationPort === port;
  if (isAt(53)) return { ...ports, dns: readDns(payload) };
  if (isAt(500)) return { ...ports, ike: readIke(payload) };
  if (isAt(4500)) return { ...ports, ...readEncapsulated(payload) };
  return ports;
}

/** UDP port 4500: four zero bytes before IKE, else ESP (RFC 3948 §2). */
function readEncapsulated(payload) {
  if (payload.length < 8) return {};
  if (payload.readUInt32BE(0) === 0) return { ike: readIke(payload.subarray(4)) };
  if (payload.readUInt32BE(0) === probeMarker) return readUdpProbe(payload);
  return { spi: hex(payload.subarray(0, 4)), sequence: payload.readUInt32BE(4) };
}

/** AutoVPN: first word of a Probe Response, and class of objects in ICMP (RFC 4884). */
const probeMarker = 253;
const probeClass = 251;

/** `{ probe: { messageType, payloads: { TYPE: hex } } }` for a probe, else nothing. */
function probeOf(payloads) {
  const version = payloads.find(({ type }) => type === 1)?.value;
  if (!version) return {};
  const values = payloads.map(({ type, value }) => [type, hex(value)]);
  return { probe: { messageType: version[1], payloads: Object.fromEntries(values) } };
}

function readIcmpProbe(bytes) {
  let at = 8 + bytes[5] * 4 + 4;
  const payloads = [];
  while (bytes[5] > 0 && at + 4 <= bytes.length) {
    const length = bytes.readUInt16BE(at);
    if (length < 4 || bytes[at + 2] !== probeClass) break;
    payloads.push({ type: bytes[at + 3], value: bytes.subarray(at + 4, at + length) });
    at += length;
  }
  return probeOf(payloads);
}

function readUdpProbe(bytes) {
  let at = bytes[4] === 0 ? 16 : 4;
  const payloads = [];
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt16BE(at + 2);
    if (length < 4) break;
    payloads.push({ type: bytes[at], value: bytes.subarray(at + 4, at + length) });
    at += length;
  }
  return probeOf(payloads);
}

/** RFC 7296 §3.1. */
const exchanges = { 34: 'IKE_SA_INIT', 35: 'IKE_AUTH', 36: 'CREATE_CHILD_SA', 37: 'INFORMATIONAL' };

function readIke(payload) {
  if (payload.length < 28) return undefined;
  return {
    spiInitiator: hex(payload.subarray(0, 8)),
    spiResponder: hex(payload.subarray(8, 16)),
    exchange: exchanges[payload[18]] ?? String(payload[18]),
    isResponse: (payload[19] & 0x20) !== 0,
    messageId: payload.readUInt32BE(20),
    isProtected: payload[16] === 46 || payload[16] === 53,
    bytes: hex(payload),
  };
}

const recordTypes = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  16: 'TXT',
  25: 'KEY',
  28: 'AAAA',
  43: 'DS',
  45: 'IPSECKEY',
  48: 'DNSKEY',
};

function readDns(payload) {
  if (payload.length < 17) return undefined;
  const labels = [];
  let offset = 12;
  while (payload[offset] > 0 && payload[offset] < 64) {
    labels.push(payload.toString('latin1', offset + 1, offset + 1 + payload[offset]));
    offset += 1 + payload[offset];
  }
  const type = payload.readUInt16BE(offset + 1);
  return {
    // some resolvers mix the case of their questions against forgers
    name: labels.join('.').toLowerCase(),
    type: recordTypes[type] ?? String(type),
    isResponse: (payload[2] & 0x80) !== 0,
    rcode: payload[3] & 15,
  };
}

const hex = (bytes) => bytes.toString('hex');
