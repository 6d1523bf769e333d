/** The list of what is dropped in silence (§6), and what is left alone. */
import { concat, uintBytes } from '../../../src/core/bytes/bytes.js';
import { fromHex } from '../../../src/core/bytes/hex.js';
import { address } from '../../../src/core/net/address.js';
import { withChecksum, writeIpv4, writeUdp } from '../../../src/core/net/ipv4.js';
import { readIcmpProbe } from '../../../src/plugins/autovpn/probing/icmp.js';
import { readUdpProbe } from '../../../src/plugins/autovpn/probing/udp.js';
import { mutations, prefixes } from '../../support/mangle.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';
import { Gateway, g1, g2, gateways, h2, natFlow } from './gateways.js';
import {
  completeVector,
  nonceI,
  nonceR,
  numbers,
  requestVector,
  responseVector,
  syn,
} from './samples.js';

type Payload = readonly [type: number, value: Uint8Array];

const version = (kind: number, number = 1, reserved = 0, vendor = 'aa'): Payload => [
  1,
  concat(Uint8Array.of(number, kind, reserved), fromHex(vendor)),
];
const nat: Payload = [4, fromHex('c93c6b08ee48')];

function icmpMessage(payloads: readonly Payload[], quoted = syn, datagram = 128): Uint8Array {
  const objects = payloads.map(([type, value]) =>
    concat(uintBytes(value.length + 4, 2), Uint8Array.of(251, type), value),
  );
  const structure = withChecksum(concat(fromHex('20000000'), ...objects), 2);
  const field = new Uint8Array(datagram);
  field.set(quoted);
  const head = Uint8Array.of(12, 1, 0, 0, 0, datagram / 4, 0, 0);
  const payload = withChecksum(concat(head, field, structure), 2);
  return writeIpv4({ source: g2, destination: g1, protocol: 1, payload });
}

function udpMessage(payloads: readonly Payload[]): Uint8Array {
  const content = payloads.map(([type, value]) =>
    concat(Uint8Array.of(type, 0), uintBytes(value.length + 4, 2), value),
  );
  const payload = concat(fromHex('000000fd000000000000000000000000'), ...content);
  const ends = { source: g1, destination: h2 };
  const ports = { sourcePort: 4500, destinationPort: 4500 };
  return writeIpv4({ ...ends, protocol: 17, payload: writeUdp(ends, { ...ports, payload }) });
}

const reasonOf = (packet: Uint8Array): string => {
  const read = readIcmpProbe(packet, numbers) ?? readUdpProbe(packet, numbers);
  return read ? (read.ok ? 'taken' : read.drop) : 'left alone';
};

test('the messages made here are good ones', () => {
  assert.is(reasonOf(icmpMessage([version(1), [3, nonceR], nat])), 'taken');
  assert.is(reasonOf(icmpMessage([version(3), [2, nonceI], [3, nonceR]])), 'taken');
  assert.is(reasonOf(udpMessage([version(2), [2, nonceI], [3, nonceR]])), 'taken');
});

test('AV-62 AV-82 another version is dropped', () => {
  for (const number of [0, 2, 255]) {
    assert.is(reasonOf(icmpMessage([version(1, number), [3, nonceR], nat])), 'version');
    assert.is(reasonOf(udpMessage([version(2, number), [2, nonceI], [3, nonceR]])), 'version');
  }
});

test('AV-42 AV-43 AV-63 AV-83 a message type that is unknown, or does not fit how it is carried, is dropped', () => {
  for (const type of [0, 2, 4, 255])
    assert.is(
      reasonOf(icmpMessage([version(type), [2, nonceI], [3, nonceR], nat])),
      'message type',
    );
  for (const type of [0, 1, 3, 4, 255])
    assert.is(reasonOf(udpMessage([version(type), [2, nonceI], [3, nonceR], nat])), 'message type');
});

test('AV-64 AV-65 Reserved is not looked at, and a Vendor ID may have any length', () => {
  for (const vendor of ['', 'aa', 'aa'.repeat(20), 'aa'.repeat(200)]) {
    const first = version(1, 1, 255, vendor);
    assert.is(reasonOf(icmpMessage([first, [3, nonceR], nat])), 'taken');
  }
});

test('AV-84 a message without one of its payloads is dropped', () => {
  const whole: [string, (payloads: readonly Payload[]) => Uint8Array, Payload[]][] = [
    ['request', icmpMessage, [version(1), [3, nonceR], nat]],
    ['response', udpMessage, [version(2), [2, nonceI], [3, nonceR]]],
    ['complete', icmpMessage, [version(3), [2, nonceI], [3, nonceR]]],
  ];
  for (const [name, make, payloads] of whole)
    for (const one of payloads)
      assert.is(reasonOf(make(payloads.filter((each) => each !== one))), 'missing payload', name);
});

test('AV-69 AV-85 nonces of 8 to 64 octets are taken, others are dropped', () => {
  for (const [length, reason] of [
    [0, 'nonce length'],
    [7, 'nonce length'],
    [8, 'taken'],
    [9, 'taken'],
    [63, 'taken'],
    [64, 'taken'],
    [65, 'nonce length'],
    [200, 'nonce length'],
  ] as const) {
    const nonce = new Uint8Array(length).fill(7);
    assert.is(reasonOf(icmpMessage([version(1), [3, nonce], nat])), reason, `R ${length}`);
    assert.is(reasonOf(udpMessage([version(2), [2, nonce], [3, nonceR]])), reason, `I ${length}`);
  }
});

test('AV-60 AV-78 payloads of unknown type are passed over, and of two of a type the first counts', () => {
  for (const type of [5, 127, 128, 255]) {
    const strange: Payload = [type, fromHex('00112233445566')];
    const request = [strange, version(1), strange, [3, nonceR] as const, strange, nat, strange];
    assert.is(reasonOf(icmpMessage(request)), 'taken', `ICMP ${type}`);
    const response = [
      strange,
      version(2),
      strange,
      [2, nonceI] as const,
      [3, nonceR] as const,
      strange,
    ];
    assert.is(reasonOf(udpMessage(response)), 'taken', `UDP ${type}`);
  }
  const twice = readIcmpProbe(icmpMessage([version(1), [3, nonceR], [3, nonceI], nat]), numbers);
  assert.equal(twice?.ok && twice.value.probe.nonceR, nonceR);
});

test('AV-86 a NAT-Detect below 6 octets and a Version below 3 are dropped', () => {
  assert.is(reasonOf(icmpMessage([version(1), [3, nonceR], [4, fromHex('c93c6b08ee')]])), 'length');
  assert.is(reasonOf(icmpMessage([[1, Uint8Array.of(1, 1)], [3, nonceR], nat])), 'length');
  assert.is(
    reasonOf(icmpMessage([version(1), [3, nonceR], [4, fromHex('c93c6b08ee480000')]])),
    'taken',
  );
});

test('AV-86 AV-77 no cut and no spoiled octet is taken for a whole message, or throws', () => {
  for (const vector of [requestVector, responseVector, completeVector]) {
    for (const part of prefixes(vector)) assert.is.not(reasonOf(part), 'taken');
    for (const { bytes } of mutations(vector)) assert.is.not(reasonOf(bytes), 'taken');
  }
});

test('AV-48 AV-51 AV-87 a flipped bit in a header or message is a wrong checksum', () => {
  const flipped = (vector: Uint8Array, at: number) => {
    const copy = vector.slice();
    copy[at]! ^= 4;
    return reasonOf(copy);
  };
  assert.is(flipped(requestVector, 8), 'checksum', 'IP');
  assert.is(flipped(requestVector, 22), 'checksum', 'ICMP');
  assert.is(flipped(requestVector, 60), 'checksum', 'quoted datagram');
  assert.is(flipped(responseVector, 50), 'checksum', 'UDP');
  // an extension checksum that is wrong, under an ICMP checksum that is right
  const copy = requestVector.slice();
  copy[158]! ^= 4;
  copy[22] = 0;
  copy[23] = 0;
  assert.is(reasonOf(concat(copy.slice(0, 20), withChecksum(copy.slice(20), 2))), 'checksum');
  // a zero says that there is none
  copy[158] = 0;
  copy[159] = 0;
  assert.is(reasonOf(concat(copy.slice(0, 20), withChecksum(copy.slice(20), 2))), 'taken');
});

test('AV-50 AV-88 a quoted packet that names no flow, or a field below 128 octets, is dropped', () => {
  const short = syn.slice(0, 20);
  short[3] = 20;
  const payloads = [version(1), [3, nonceR] as const, nat];
  assert.is(reasonOf(icmpMessage(payloads, short)), 'embedded packet');
  assert.is(reasonOf(icmpMessage(payloads, syn, 64)), 'embedded packet');
  assert.is(reasonOf(icmpMessage(payloads, new Uint8Array(44))), 'embedded packet');
});

test('AV-56 AV-79 what is none of ours is left alone', () => {
  const foreign = icmpMessage([version(1), [3, nonceR], nat]).map((octet) =>
    octet === 251 ? 250 : octet,
  );
  const bare = writeIpv4({
    ...{ source: g2, destination: g1, protocol: 1 },
    payload: withChecksum(concat(Uint8Array.of(12, 1, 0, 0, 0, 0, 0, 0), syn), 2),
  });
  const ends = { source: g1, destination: h2 };
  const datagram = (hex: string) => {
    const ports = { sourcePort: 4500, destinationPort: 4500 };
    const payload = writeUdp(ends, { ...ports, payload: fromHex(hex) });
    return writeIpv4({ ...ends, protocol: 17, payload });
  };
  const others = ['ff', '00000000112233', '0000000211', '00001234aabbccdd', '000000fc00000000'];
  const { one, two } = gateways();
  for (const packet of [foreign, bare, ...others.map(datagram)]) {
    assert.is(reasonOf(packet), 'left alone');
    assert.is(one.take(packet), false);
  }
  assert.equal([one.sent, two.sent, one.counters.all()], [[], [], {}]);
});

test('AV-76 AV-77 each of these is counted by its reason, and nothing at all is sent', async () => {
  const clock = new SteppedClock();
  const one = new Gateway(clock, g1);
  const spoiled: [string, Uint8Array][] = [
    ['version', icmpMessage([version(1, 2), [3, nonceR], nat])],
    ['message type', icmpMessage([version(9), [3, nonceR], nat])],
    ['missing payload', icmpMessage([version(1), nat])],
    ['nonce length', icmpMessage([version(1), [3, nonceR.slice(0, 7)], nat])],
    ['embedded packet', icmpMessage([version(1), [3, nonceR], nat], syn, 64)],
    ['length', udpMessage([[1, Uint8Array.of(1)]])],
    ['Nonce-R is not ours', responseVector],
    ['Nonce-I is not ours', completeVector],
  ];
  for (const [reason, packet] of spoiled) {
    assert.ok(one.take(packet), reason);
    await clock.advance(10_000);
    assert.is(one.count(`dropped: ${reason}`), 1, reason);
  }
  assert.equal([one.sent, one.proven], [[], []]);
});

const h1 = address('198.51.100.130');
/** NAT-Detect as G2 fills it, the quoted packet as it arrives at G1, and what is to become of it. */
const natCases: [string, string, number, string, string][] = [
  ['N1 no NAT', '198.51.100.130', 61000, '198.51.100.130', 'answered'],
  ['N2 G1 is the NAPT', '198.51.100.7', 61000, '198.51.100.7', 'answered'],
  ['N3 another NAT behind G1', '192.0.2.9', 61000, '198.51.100.130', 'stopped'],
  ['N4 a second NAT behind the NAPT', '192.0.2.9', 4711, '198.51.100.7', 'stopped'],
  ['N6 the port alone is another', '198.51.100.130', 4711, '198.51.100.130', 'stopped'],
];
for (const [name, seen, port, arrived, fate] of natCases)
  test(`AV-95 AV-97 AV-A26 case ${name}`, async () => {
    const clock = new SteppedClock();
    const one = new Gateway(clock, g1);
    const source = address(arrived);
    one.flow = { ...natFlow, reply: { ...natFlow.reply, destination: source } };
    const octets = seen.split('.').map((octet) => Number(octet) ^ 0x0f);
    const detect: Payload = [4, concat(Uint8Array.from(octets), uintBytes(port, 2))];
    const quoted = syn.slice();
    quoted.set(arrived.split('.').map(Number), 12);
    const message = icmpMessage([version(1), [3, nonceR], detect], quoted);
    message.set(arrived.split('.').map(Number), 16);
    message.set([0, 0], 10);
    const packet = concat(withChecksum(message.slice(0, 20), 10), message.slice(20));
    assert.ok(one.take(packet));
    await clock.advance(100);
    assert.equal(one.kinds, fate === 'answered' ? ['response'] : []);
    assert.is(one.count('dropped: NAT between'), fate === 'answered' ? 0 : 1);
    assert.is(one.lines.length, fate === 'answered' ? 0 : 1, 'told to a person');
    assert.ok(one.take(packet));
    await clock.advance(100);
    assert.ok(one.lines.length <= 1, 'once');
  });

test('AV-95 N7 of a protocol without ports the address alone is compared', async () => {
  const clock = new SteppedClock();
  const one = new Gateway(clock, g1);
  const ping = writeIpv4({
    source: h1,
    destination: h2,
    protocol: 1,
    payload: fromHex('0800000000010001'),
  });
  const tuple = { protocol: 1, source: h2, sourcePort: 0, destination: h1, destinationPort: 0 };
  one.flow = { ...natFlow, reply: tuple };
  const octets = [...h1.split('.').map((octet) => Number(octet) ^ 0x0f), 0x12, 0x34];
  const message = icmpMessage([version(1), [3, nonceR], [4, Uint8Array.from(octets)]], ping);
  message.set(h1.split('.').map(Number), 16);
  message.set([0, 0], 10);
  assert.ok(one.take(concat(withChecksum(message.slice(0, 20), 10), message.slice(20))));
  await clock.advance(100);
  assert.equal(one.kinds, ['response']);
});

test('AV-88 a Probe Request that quotes another source than it was sent to is dropped', async () => {
  const clock = new SteppedClock();
  const one = new Gateway(clock, g1);
  const message = icmpMessage([version(1), [3, nonceR], nat]);
  message.set(h1.split('.').map(Number), 16);
  message.set([0, 0], 10);
  assert.ok(one.take(concat(withChecksum(message.slice(0, 20), 10), message.slice(20))));
  await clock.advance(100);
  assert.equal(one.sent, []);
  assert.is(one.count('dropped: embedded packet'), 1);
});
