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

test('NAT: a mapping is kept alive for an IKE SA alone, too, as long as somebody holds it', async () => {
  const { world, left, right } = await behindNat();
  const { ours: _ours, theirs: _theirs, ...wish } = left.wish(right);
  const result = await world.until(left.daemon.open(wish));
  if (!result.ok) throw new Error(result.failure.why);
  const before = world.network.captured.length;
  await world.clock.advance(61_000);
  assert.is(world.network.captured.length - before, 3);
  await world.until(result.peer.close());
  const closed = world.network.captured.length;
  await world.clock.advance(61_000);
  assert.is(world.network.captured.length, closed);
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

const families = [
  ['IPv4', '192.0.2.1', '198.51.100.1'],
  ['IPv6', '2001:db8:1::1', '2001:db8:2::1'],
] as const;

for (const [family, here, there] of families)
  test(`NAT: encapsulation without a NAT can be forced, on port 4500 from the start, ${family}`, async () => {
    const world = new IkeWorld();
    const left = await world.add(here, { forceEncapsulation: true });
    const right = await world.add(there);
    const result = await world.until(left.daemon.connect(left.wish(right)));
    assert.ok(result.ok, JSON.stringify(result));
    for (const { from, to, bytes } of world.network.captured) {
      assert.equal([from.port, to.port], [4500, 4500]);
      assert.equal(Array.from(bytes.slice(0, 4)), [0, 0, 0, 0]);
    }
    const inUdp = { localPort: 4500, remotePort: 4500 };
    assert.equal(left.installed[0]?.sa.encapsulation, inUdp);
    assert.equal(right.installed[0]?.sa.encapsulation, inUdp);
    assert.equal(sasOf(right)[0]?.nat, { we: false, peer: true });
    await world.stop();
  });

test('NAT: whoever starts on port 4500 and tells no lie about its address keeps ESP plain', async () => {
  const world = new IkeWorld();
  const left = await world.add('192.0.2.1');
  const right = await world.add('198.51.100.1');
  const { context } = left.daemon as unknown as { context: { firstPort: number } };
  context.firstPort = 4500;
  assert.ok((await world.until(left.daemon.connect(left.wish(right)))).ok);
  for (const { from, to } of world.network.captured)
    assert.equal([from.port, to.port], [4500, 4500]);
  assert.equal(
    [left, right].map(({ installed }) => installed[0]?.sa.encapsulation),
    [undefined, undefined],
  );
  await world.stop();
});

test('NAT: on port 4500 only what has the non-ESP marker is IKE', async () => {
  const world = new IkeWorld();
  const right = await world.add('198.51.100.1');
  const from = { address: address('192.0.2.1'), port: 4500 };
  const to = { address: right.address, port: 4500 };
  const esp = Uint8Array.of(1, 2, 3, 4, 0, 0, 0, 1, ...new Uint8Array(40));
  for (const bytes of [new Uint8Array(0), Uint8Array.of(0xff), new Uint8Array(4), esp])
    world.network.transmit(from, to, bytes);
  await world.clock.advance(100);
  assert.is(right.counter('messages received'), 0);
  world.network.transmit(from, to, new Uint8Array(40));
  await world.clock.advance(100);
  assert.equal([right.counter('messages received'), right.counter('malformed messages')], [1, 1]);
  await world.stop();
});

test('NAT: before the one that is called; the caller moves to port 4500, and ESP goes in UDP', async () => {
  const world = new IkeWorld();
  const left = await world.add('192.0.2.1');
  const right = await world.add(INSIDE);
  // A forwarded port: OUTSIDE is INSIDE, with the same ports.
  world.network.path.rewrites = ({ from, to, ...packet }: Packet) => ({
    ...packet,
    from: from.address === INSIDE ? { ...from, address: OUTSIDE } : from,
    to: to.address === OUTSIDE ? { ...to, address: INSIDE } : to,
  });
  const result = await world.until(left.daemon.connect({ ...left.wish(right), remote: OUTSIDE }));
  assert.ok(result.ok, JSON.stringify(result));
  assert.equal(
    world.network.captured.map(({ to }) => to.port),
    [500, 500, 4500, 4500],
  );
  for (const end of [left, right])
    assert.equal(end.installed[0]?.sa.encapsulation, { localPort: 4500, remotePort: 4500 });
  await world.stop();
});

test('NAT: it is known behind a rekey of the IKE SA, too', async () => {
  const { world, left, right } = await behindNat();
  const result = await world.until(left.daemon.connect(left.wish(right)));
  if (!result.ok) throw new Error(result.failure.why);
  assert.ok((await world.until(left.daemon.rekeyIke(result.tunnel))).ok);
  await world.clock.advance(1000);
  const before = world.network.captured.length;
  await world.clock.advance(61_000);
  assert.is(world.network.captured.length - before, 3, 'keepalives');
  const more = await world.until(left.daemon.connect(left.wish(right, { theirs: '10.2.0.9' })));
  assert.ok(more.ok);
  assert.equal(left.installed[1]?.sa.encapsulation, { localPort: 4500, remotePort: 4500 });
  assert.equal(right.installed[1]?.sa.encapsulation, { localPort: 4500, remotePort: 5500 });
  await world.stop();
});

test('RFC 7296 §2.11: an answer goes where its request came from, though the peer is not followed there', async () => {
  const world = new IkeWorld();
  const left = await world.add('192.0.2.1');
  const right = await world.add('198.51.100.1');
  const result = await world.until(left.daemon.connect(left.wish(right)));
  if (!result.ok) throw new Error(result.failure.why);
  world.network.path.rewrites = ({ from, to, ...packet }: Packet) => ({
    ...packet,
    from: from.address === left.address ? { ...from, port: 1500 } : from,
    to: to.port === 1500 ? { ...to, port: 500 } : to,
  });
  const sent: number[] = [];
  const { rewrites } = world.network.path;
  world.network.path.rewrites = (packet) => {
    if (packet.from.address === right.address) sent.push(packet.to.port);
    return rewrites(packet);
  };
  assert.ok(await world.until(left.daemon.check(result.tunnel)));
  assert.equal([sent, sasOf(right)[0]!.path.remote.port], [[1500], 500]);
  await world.stop();
});
