import { uintBytes } from '../../../src/core/bytes/bytes.js';
import { spiBytes } from '../../../src/core/ike/child.js';
import { type Head, readMessage, writeMessage } from '../../../src/core/ike/message.js';
import { findAll, notifyPayload, type Payload } from '../../../src/core/ike/payloads/payload.js';
import { Exchange } from '../../../src/core/ike/registries/exchanges.js';
import { NotifyType, notifyName } from '../../../src/core/ike/registries/notifies.js';
import { address } from '../../../src/core/net/address.js';
import { type IkeEnd, twoEnds } from '../../support/ike-end.js';
import { sasOf, speakFor } from '../../support/ike-peer.js';
import type { Captured } from '../../support/memory-network.js';
import { assert, test } from '../../support/test.js';

const stranger = { address: address('203.0.113.66'), port: 500 };

async function up() {
  const ends = await twoEnds();
  const result = await ends.world.until(ends.left.daemon.connect(ends.left.wish(ends.right)));
  if (!result.ok) throw new Error(result.failure.why);
  await ends.world.clock.advance(100);
  return { ...ends, sa: sasOf(ends.left)[0]! };
}

/** Notifies of an unprotected message. */
function notifiesOf({ bytes }: Captured): string[] {
  const read = readMessage(bytes);
  if (!read.ok) throw new Error(read.error);
  return findAll(read.value.payloads, 'N').map(({ type }) => notifyName(type));
}

const answersTo = (end: IkeEnd, since: number) =>
  end.world.network.captured.slice(since).filter(({ from }) => from.address === end.address);

const strangersHead = (more: Partial<Head> = {}): Head => ({
  spiInitiator: new Uint8Array(8).fill(3),
  spiResponder: new Uint8Array(8),
  exchange: 34,
  isFromInitiator: true,
  isResponse: false,
  messageId: 0,
  ...more,
});

test('hints: a request for an IKE SA that is gone is told so, ten times a second at most', async () => {
  const { world, left, right, sa } = await up();
  const fresh = await world.restart(right);
  const before = world.network.captured.length;
  for (let id = 2; id < 60; id++)
    speakFor(left, sa, { exchange: Exchange.INFORMATIONAL, messageId: id, payloads: [] });
  await world.clock.advance(500);
  const answers = answersTo(fresh, before);
  assert.is(answers.length, 10);
  assert.equal(notifiesOf(answers[0]!), ['INVALID_IKE_SPI']);
  const read = readMessage(answers[0]!.bytes);
  assert.ok(read.ok && read.value.head.isResponse && read.value.head.messageId === 2);
  await world.clock.advance(1000);
  speakFor(left, sa, { exchange: Exchange.INFORMATIONAL, messageId: 60, payloads: [] });
  await world.clock.advance(100);
  assert.is(answersTo(fresh, before).length, 11);
  await world.stop();
});

test('hints: an answer for an IKE SA that is gone is passed over', async () => {
  const { world, left, right, sa } = await up();
  const fresh = await world.restart(right);
  const before = world.network.captured.length;
  speakFor(left, sa, {
    exchange: Exchange.INFORMATIONAL,
    messageId: 2,
    payloads: [],
    isResponse: true,
  });
  await world.clock.advance(100);
  assert.is(answersTo(fresh, before).length, 0);
  await world.stop();
});

/** Says to `to`, as if from the peer and without protection, that something is gone. */
function forge(to: IkeEnd, payload: Payload, more: Partial<Head> = {}): void {
  const sa = sasOf(to)[0]!;
  const head = { ...sa.head(Exchange.INFORMATIONAL, false, 0), isFromInitiator: false, ...more };
  to.world.network.transmit(sa.path.remote, sa.path.local, writeMessage(head, [payload]));
}

test('OE-51 hints: a flood of forged unknown-SPI reports leaves the tunnel, and asks the peer now and then', async () => {
  const { world, left, right, sa } = await up();
  const child = [...sa.children][0]!;
  const invalidSpi = notifyPayload(NotifyType.INVALID_SPI, spiBytes(child.sa.outbound.spi));
  const invalidIke = notifyPayload(NotifyType.INVALID_IKE_SPI);
  const before = world.network.captured.length;
  for (let second = 0; second < 60; second++) {
    for (let i = 0; i < 10; i++) {
      forge(left, invalidSpi, { spiInitiator: new Uint8Array(8) });
      forge(left, invalidIke);
    }
    await world.clock.advance(1000);
  }
  assert.is(left.counter('hints of a lost SA'), 1200);
  const asked = answersTo(left, before);
  assert.is(asked.length, 2);
  for (const { bytes } of asked) assert.is(bytes[18], Exchange.INFORMATIONAL);
  assert.equal([left.installed.length, right.installed.length], [1, 1]);
  assert.equal(left.ended, []);
  await world.stop();
});

test('OE-51 hints: the report about a peer that was really restarted ends its tunnels soon', async () => {
  const { world, left, right, sa } = await up();
  const child = [...sa.children][0]!;
  await world.restart(right);
  forge(left, notifyPayload(NotifyType.INVALID_SPI, spiBytes(child.sa.outbound.spi)));
  await world.clock.advance(45_000);
  assert.equal(
    left.ended.map(({ why }) => why),
    ['peer is dead'],
  );
  await world.stop();
});

test('hints: an unknown ESP SPI that is none of ours makes us ask nobody', async () => {
  const { world, left } = await up();
  const before = world.network.captured.length;
  const none = notifyPayload(NotifyType.INVALID_SPI, uintBytes(0xdeadbeef, 4));
  forge(left, none, { spiInitiator: new Uint8Array(8) });
  forge(left, notifyPayload(NotifyType.INVALID_SPI), { spiInitiator: new Uint8Array(8) });
  await world.clock.advance(1000);
  assert.is(answersTo(left, before).length, 0);
  await world.stop();
});

test('hints: a later major version is told what we speak, in a header of ours', async () => {
  const { world, right } = await twoEnds();
  const bytes = writeMessage(strangersHead(), []);
  bytes[17] = 0x30;
  const to = { address: right.address, port: 500 };
  for (let i = 0; i < 40; i++) world.network.transmit(stranger, to, bytes);
  await world.clock.advance(100);
  const answers = answersTo(right, 0);
  assert.is(answers.length, 10);
  assert.equal(notifiesOf(answers[0]!), ['INVALID_MAJOR_VERSION']);
  assert.is(answers[0]!.bytes[17], 0x20);
  await world.stop();
});

test('hints: an answer of a later version, or an earlier one, is passed over', async () => {
  const { world, right } = await twoEnds();
  const to = { address: right.address, port: 500 };
  const answer = writeMessage(strangersHead({ isResponse: true }), []);
  answer[17] = 0x30;
  const earlier = writeMessage(strangersHead(), []);
  earlier[17] = 0x10;
  for (const bytes of [answer, earlier]) world.network.transmit(stranger, to, bytes);
  await world.clock.advance(100);
  assert.is(answersTo(right, 0).length, 0);
  assert.is(right.counter('malformed messages'), 2);
  await world.stop();
});

test('hints: an unknown critical payload in IKE_SA_INIT is named without an IKE SA', async () => {
  const { world, right } = await twoEnds();
  const unknown: Payload = {
    kind: 'Unknown',
    type: 200,
    isCritical: true,
    body: new Uint8Array(4),
  };
  const bytes = writeMessage(strangersHead(), [unknown]);
  world.network.transmit(stranger, { address: right.address, port: 500 }, bytes);
  await world.clock.advance(100);
  const [answer] = answersTo(right, 0);
  assert.equal(notifiesOf(answer!), ['UNSUPPORTED_CRITICAL_PAYLOAD']);
  const read = readMessage(answer!.bytes);
  assert.equal(read.ok && findAll(read.value.payloads, 'N')[0]!.data, Uint8Array.of(200));
  assert.is(right.counter('IKE SAs'), 0);
  await world.stop();
});

test('rules: minor version, reserved flags and reserved bits are ignored', async () => {
  const { world, left, right } = await twoEnds();
  // In IKE_SA_INIT nothing protects them, so that they can be set on the way.
  world.network.path.rewrites = (packet) => {
    if (packet.bytes[18] !== 34) return packet;
    const bytes = packet.bytes.slice();
    bytes[17]! |= 0x05;
    return { ...packet, bytes };
  };
  const result = await world.until(left.daemon.connect({ ...left.wish(right), patienceMs: 5000 }));
  // The signature covers the message as it was sent, so the change is found; but not before.
  assert.not.ok(result.ok);
  assert.is(right.counter('malformed messages') + right.counter('unexpected messages'), 0);
  assert.is(left.counter('malformed messages') + left.counter('unexpected messages'), 0);
  assert.is(right.counter('peers not authenticated'), 1);
  await world.stop();
});

test('rules: the critical bit of payloads that everybody knows is ignored, and ours is zero', async () => {
  const { world, left, right } = await twoEnds();
  world.network.path.rewrites = (packet) => {
    if (packet.bytes[18] !== 34) return packet;
    const bytes = packet.bytes.slice();
    assert.is(bytes[29]! & 0x80, 0);
    bytes[29]! |= 0x80;
    return { ...packet, bytes };
  };
  await world.until(left.daemon.connect({ ...left.wish(right), patienceMs: 5000 }));
  assert.is(right.counter('unexpected messages'), 0);
  assert.is(right.counter('peers not authenticated'), 1);
  await world.stop();
});
