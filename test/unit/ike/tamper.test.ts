import { twoEnds } from '../../support/ike-end.js';
import type { Packet } from '../../support/memory-network.js';
import { assert, test } from '../../support/test.js';

/** Bytes of each kind in a message: its header field by field, then every so many of the rest. */
const headerBytes = [
  ['SPI of the initiator', 3],
  ['SPI of the responder', 12],
  ['next payload', 16],
  ['version', 17],
  ['exchange type', 18],
  ['flags', 19],
  ['message ID', 23],
  ['length', 27],
] as const;

const changed = (packet: Packet, at: number): Packet => {
  const bytes = packet.bytes.slice();
  bytes[at]! ^= at === 19 ? 0x28 : 0x41;
  return { ...packet, bytes };
};

/** Packet `number` is changed at one place the first time; what follows is left alone. */
async function survives(number: number, place: (length: number) => number): Promise<void> {
  const { world, left, right } = await twoEnds();
  world.network.path.rewrites = (packet) =>
    packet.number === number ? changed(packet, place(packet.bytes.length)) : packet;
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.ok(result.ok, JSON.stringify(result));
  assert.equal(left.installed[0]?.sa.inbound, right.installed[0]?.sa.outbound);
  assert.is(right.installed.length, 1);
  await world.stop();
}

const messages = [
  'IKE_SA_INIT request',
  'IKE_SA_INIT response',
  'IKE_AUTH request',
  'IKE_AUTH response',
];

/** Nothing protects the SPI in the first answer, and nobody repeats it once it was taken. */
const isTaken = (message: string, field: string): boolean =>
  message === 'IKE_SA_INIT response' && field === 'SPI of the responder';

for (const [index, message] of messages.entries())
  for (const [field, at] of headerBytes)
    if (!isTaken(message, field))
      test(`tamper: ${message}, ${field} changed on the way: the attempt survives`, () =>
        survives(index + 1, () => at));

for (const [index, message] of messages.slice(2).entries())
  for (const part of [0, 0.25, 0.5, 0.75, 1])
    test(`tamper: ${message}, protected byte at ${part * 100} % changed: dropped and sent again`, async () => {
      await survives(index + 3, (length) => 28 + Math.floor((length - 29) * part));
    });

test('tamper: changed protected messages are counted and never answered', async () => {
  const { world, left, right } = await twoEnds();
  await world.until(left.daemon.connect(left.wish(right)));
  const before = world.network.captured.length;
  world.network.path.rewrites = (packet) => changed(packet, packet.bytes.length - 1);
  const wish = left.wish(right, { theirs: '10.2.0.6', patienceMs: 2500 });
  const result = await world.until(left.daemon.connect(wish));
  assert.is(result.ok, false);
  const after = world.network.captured.slice(before);
  assert.ok(after.every(({ from }) => from.address === left.address));
  assert.is(right.counter('forged messages'), after.length);
  assert.equal([left.installed.length, right.installed.length], [1, 1]);
  await world.stop();
});

test('tamper: IKE_SA_INIT response with another SPI leaves the attempt without an answer', async () => {
  const { world, left, right } = await twoEnds();
  const isAnswer = ({ bytes }: { bytes: Uint8Array }) => bytes[18] === 34 && bytes[19] === 0x20;
  world.network.path.rewrites = (packet) => (isAnswer(packet) ? changed(packet, 12) : packet);
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.is(!result.ok && result.failure.kind, 'silent');
  assert.equal([left.installed, right.installed], [[], []]);
  const calls = new Set(
    world.network.captured.filter(({ bytes }) => bytes[18] === 34).map(({ bytes }) => bytes[0]),
  );
  assert.is(calls.size, 2, 'it is called again, once');
  await world.stop();
});

test('tamper: one IKE_SA_INIT response with another SPI is overcome by calling again', async () => {
  const { world, left, right } = await twoEnds();
  world.network.path.rewrites = (packet) => (packet.number === 2 ? changed(packet, 12) : packet);
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.ok(result.ok);
  await world.stop();
});

/** What of IKE_SA_INIT is changed shows in AUTH, which signs it. */
for (const [index, message] of messages.slice(0, 2).entries())
  test(`tamper: ${message} with another nonce ends in no tunnel at either end`, async () => {
    const { world, left, right } = await twoEnds();
    world.network.path.rewrites = (packet) => {
      const isTarget =
        packet.bytes[18] === 34 && (packet.from.address === left.address) === (index === 0);
      if (!isTarget) return packet;
      const bytes = packet.bytes.slice();
      const at = nonceAt(bytes);
      bytes[at]! ^= 1;
      return { ...packet, bytes };
    };
    const result = await world.until(left.daemon.connect(left.wish(right)));
    assert.is(result.ok, false);
    assert.equal([left.installed, right.installed], [[], []]);
    await world.stop();
  });

/** Offset of the first nonce byte: walks the payload chain. */
function nonceAt(bytes: Uint8Array): number {
  let type = bytes[16]!;
  let at = 28;
  while (type !== 40) {
    type = bytes[at]!;
    at += bytes[at + 2]! * 256 + bytes[at + 3]!;
  }
  return at + 4;
}
