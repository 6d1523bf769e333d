import { address } from '../../../src/core/net/address.js';
import { IkeWorld } from '../../support/ike-end.js';
import { sasOf } from '../../support/ike-peer.js';
import type { Packet } from '../../support/memory-network.js';
import { assert, test } from '../../support/test.js';

const INSIDE = address('192.168.1.2');
const OUTSIDE = address('203.0.113.77');

/** Left stands behind a NAT: OUTSIDE:port+1000 is INSIDE:port. */
async function behindNat() {
  const world = new IkeWorld();
  const left = await world.add(INSIDE);
  const right = await world.add('198.51.100.1');
  world.network.path.rewrites = (packet: Packet) => {
    if (packet.from.address === INSIDE)
      return { ...packet, from: { address: OUTSIDE, port: packet.from.port + 1000 } };
    if (packet.to.address === OUTSIDE)
      return { ...packet, to: { address: INSIDE, port: packet.to.port - 1000 } };
    return packet;
  };
  right.keysFor = async () => ({ ok: true, keys: [left.publicKey] });
  return { world, left, right };
}

test('NAT: detected at both ends; IKE_AUTH and all after it go over port 4500', async () => {
  const { world, left, right } = await behindNat();
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.ok(result.ok, JSON.stringify(result));
  const ports = world.network.captured.map(({ to, from }) => [from.port, to.port]);
  assert.equal(ports, [
    [1500, 500],
    [500, 500],
    [5500, 4500],
    [4500, 4500],
  ]);
  // RFC 3948 §2.2: the non-ESP marker stands before each message on 4500
  for (const { bytes } of world.network.captured.slice(2))
    assert.equal(Array.from(bytes.slice(0, 4)), [0, 0, 0, 0]);
  await world.stop();
});

test('NAT: ESP goes in UDP, to the port that the NAT shows', async () => {
  const { world, left, right } = await behindNat();
  await world.until(left.daemon.connect(left.wish(right)));
  assert.equal(left.installed[0]?.sa.encapsulation, { localPort: 4500, remotePort: 4500 });
  const theirs = right.installed[0]?.sa;
  assert.equal(theirs?.encapsulation, { localPort: 4500, remotePort: 5500 });
  assert.is(theirs?.remote, OUTSIDE);
  await world.stop();
});

test('NAT: the one behind it keeps the mapping alive, the other does not', async () => {
  const { world, left, right } = await behindNat();
  await world.until(left.daemon.connect(left.wish(right)));
  const before = world.network.captured.length;
  await world.clock.advance(61_000);
  const sent = world.network.captured.slice(before);
  assert.is(sent.length, 3);
  for (const { bytes, from } of sent) {
    assert.equal(Array.from(bytes), [0xff]);
    assert.is(from.address, OUTSIDE);
  }
  assert.is(right.counter('malformed messages'), 0);
  await world.stop();
});

test('NAT: without one there is no encapsulation', async () => {
  const world = new IkeWorld();
  const left = await world.add('192.0.2.1');
  const right = await world.add('198.51.100.1');
  await world.until(left.daemon.connect(left.wish(right)));
  assert.is(left.installed[0]?.sa.encapsulation, undefined);
  await world.stop();
});

test('NAT: a mapping that changes is followed after an authentic request', async () => {
  const { world, left, right } = await behindNat();
  const result = await world.until(left.daemon.connect(left.wish(right)));
  const rewrites = world.network.path.rewrites!;
  const shifted = (port: number, by: number) => (port % 1000 === 500 ? port + by : port);
  world.network.path.rewrites = (packet) => {
    const to = packet.to.address === OUTSIDE ? shifted(packet.to.port, -7000) : packet.to.port;
    const seen = rewrites({ ...packet, to: { ...packet.to, port: to } });
    const isOutside = seen.from.address === OUTSIDE;
    return isOutside ? { ...seen, from: { ...seen.from, port: seen.from.port + 7000 } } : seen;
  };
  assert.ok(result.ok && (await world.until(left.daemon.check(result.tunnel))));
  assert.ok(await world.until(right.daemon.check(right.established[0]!)));
  assert.is(world.network.captured.at(-2)?.fate, 'sent');
  await world.stop();
});

test('NAT: a request that comes late does not take the way back to an older mapping', async () => {
  const { world, left, right } = await behindNat();
  const result = await world.until(left.daemon.connect(left.wish(right)));
  const { path, captured } = world.network;
  const rewrites = path.rewrites!;
  const older = captured.length + 1;
  path.rewrites = (packet) => {
    const seen = rewrites(packet);
    const isOlder = packet.number === older;
    return isOlder ? { ...seen, from: { ...seen.from, port: seen.from.port + 7000 } } : seen;
  };
  path.delayMs = ({ number }) => (number === older ? 500 : 10);
  if (result.ok) for (let i = 0; i < 2; i++) void left.daemon.check(result.tunnel);
  await world.clock.advance(400);
  const before = right.counter('messages received');
  await world.clock.advance(200);
  assert.is(right.counter('messages received'), before + 1);
  assert.is(sasOf(right)[0]?.path.remote.port, 5500);
  await world.stop();
});
