import { formatIdentity, fqdnIdentity } from '../../../src/core/ike/identity.js';
import { readMessage } from '../../../src/core/ike/message.js';
import { HEADER_LENGTH } from '../../../src/core/ike/payloads/header.js';
import { address } from '../../../src/core/net/address.js';
import { publicKeyOf } from '../../../src/core/pki/private-key.js';
import { type IkeEnd, IkeWorld, twoEnds } from '../../support/ike-end.js';
import { ed25519Key } from '../../support/keys.js';
import { assert, test } from '../../support/test.js';

/** Messages on the wire: exchange, direction, port, length. */
const captured = (world: IkeWorld) =>
  world.network.captured.map((packet) => {
    const read = readMessage(packet.bytes);
    return { ...packet, message: read.ok ? read.value : undefined };
  });

const mirrored = (left: IkeEnd, right: IkeEnd, at = 0) => {
  const mine = left.installed[at]!.sa;
  const theirs = right.installed[at]!.sa;
  assert.equal(mine.outbound, theirs.inbound);
  assert.equal(mine.inbound, theirs.outbound);
  assert.equal(mine.ours, theirs.theirs);
  assert.equal(mine.theirs, theirs.ours);
  assert.is(mine.local, theirs.remote);
};

test('tunnel: both ends install both directions with the same keys, then it counts', async () => {
  const { world, left, right } = await twoEnds();
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.ok(result.ok);
  mirrored(left, right);
  assert.equal(left.events, ['install', 'installed']);
  assert.is(left.counter('tunnels as initiator'), 1);
  assert.is(right.counter('tunnels as responder'), 1);
  if (result.ok) {
    assert.is(result.tunnel.role, 'initiator');
    assert.is(result.tunnel.ike.suite, 'CHACHA20_POLY1305/PRF_HMAC_SHA2_256/CURVE25519');
    assert.equal(result.tunnel.ike, right.established[0]?.ike);
  }
  await world.stop();
});

test('tunnel: four messages on port 500, none to port 4500 without a NAT', async () => {
  const { world, left, right } = await twoEnds();
  await world.until(left.daemon.connect(left.wish(right)));
  const packets = captured(world);
  const exchanges = packets.map(({ message }) => message?.head.exchange);
  assert.equal(exchanges, [34, 34, 35, 35]);
  for (const { from, to } of packets) assert.equal([from.port, to.port], [500, 500]);
  await world.stop();
});

test('OE-94 tunnel: the first packet and all others stay below 1280 bytes', async () => {
  const { world, left, right } = await twoEnds();
  await world.until(left.daemon.connect(left.wish(right)));
  const ipAndUdp = 48;
  for (const { bytes } of world.network.captured)
    assert.ok(bytes.length + ipAndUdp < 1280, `${bytes.length} bytes`);
  await world.stop();
});

test('tunnel: nothing but IKE_SA_INIT is readable on the wire', async () => {
  const { world, left, right } = await twoEnds();
  await world.until(left.daemon.connect(left.wish(right)));
  for (const { message } of captured(world).slice(2)) {
    assert.equal(
      message?.payloads.map(({ kind }) => kind),
      ['SK'],
    );
    assert.is(message?.sealed?.aad.length, HEADER_LENGTH + 4);
  }
  await world.stop();
});

test('OE-65 tunnel: the responder has it in the kernel before its answer leaves', async () => {
  const { world, left, right } = await twoEnds();
  let release: () => void = () => undefined;
  right.install = () => new Promise((resolve) => (release = () => resolve()));
  const connecting = left.daemon.connect(left.wish(right));
  await world.clock.advance(5000);
  const answers = () =>
    captured(world).filter(
      ({ message }) => message?.head.exchange === 35 && message.head.isResponse,
    );
  assert.equal(right.events, ['install']);
  assert.is(answers().length, 0);
  release();
  assert.ok((await world.until(connecting)).ok);
  assert.is(answers().length, 1);
  assert.ok(right.counter('requests while busy') > 0);
  assert.equal(right.events, ['install', 'installed', 'established']);
  await world.stop();
});

test('OE-99 tunnel: tunnel mode between two gateways that are the hosts themselves', async () => {
  const { world, left, right } = await twoEnds();
  await world.until(left.daemon.connect(left.wish(right)));
  for (const end of [left, right]) assert.is(end.installed[0]?.sa.mode, 'tunnel');
  await world.stop();
});

for (const [family, here, there] of [
  ['IPv4', '192.0.2.1', '198.51.100.1'],
  ['IPv6', '2001:db8:1::1', '2001:db8:2::1'],
] as const)
  test(`OE-104 tunnel: the identity is the outer source address, ${family}`, async () => {
    const world = new IkeWorld();
    const left = await world.add(here);
    const right = await world.add(there);
    let claimed = '';
    const keysFor = right.keysFor;
    right.keysFor = (claim) => {
      claimed = formatIdentity((claim as unknown as { identity: never }).identity);
      return keysFor(claim);
    };
    const result = await world.until(left.daemon.connect(left.wish(right)));
    assert.ok(result.ok);
    assert.is(claimed, here);
    assert.is(result.ok && formatIdentity(result.tunnel.peer.identity), there);
    await world.stop();
  });

test('tunnel: a configured name is shown instead of the address, and can be demanded', async () => {
  const { world, left, right } = await twoEnds(
    {},
    { identity: () => fqdnIdentity('GW.example.org') },
  );
  const wish = { ...left.wish(right), identity: fqdnIdentity('gw.example.org.') };
  const result = await world.until(left.daemon.connect(wish));
  assert.is(result.ok && formatIdentity(result.tunnel.peer.identity), '@GW.example.org');
  const other = { ...left.wish(right, { theirs: '203.0.113.9' }), identity: fqdnIdentity('no') };
  const refused = await world.until(left.daemon.connect(other));
  assert.is(!refused.ok && refused.failure.kind, 'signature');
  assert.match(!refused.ok ? refused.failure.why : '', /it is @GW.example.org, not @no/);
  await world.stop();
});

test('OE-114 tunnel: a signature by any of the known keys proves the peer, at both ends', async () => {
  const { world, left, right } = await twoEnds();
  const yesterday = publicKeyOf(ed25519Key(99));
  right.keysFor = async () => ({ ok: true, keys: [yesterday, left.publicKey] });
  const wish = {
    ...left.wish(right),
    keys: [yesterday, publicKeyOf(ed25519Key(98)), right.publicKey],
  };
  const result = await world.until(left.daemon.connect(wish));
  assert.equal(result.ok && result.tunnel.peer.key, right.publicKey);
  assert.equal(right.established[0]?.peer.key, left.publicKey);
  await world.stop();
});

test('OE-101 tunnel: it serves the one pair of hosts and no neighbour', async () => {
  const { world, left, right } = await twoEnds();
  const wish = left.wish(right, { ours: '10.1.0.5', theirs: '10.2.0.6' });
  await world.until(left.daemon.connect(wish));
  const { ours, theirs } = right.installed[0]!.sa;
  assert.equal([ours.prefix, theirs.prefix], [wish.theirs, wish.ours]);
  assert.is(ours.prefix.length, 32);
  await world.stop();
});

test('SP-3 tunnel: ten wishes for one pair are one exchange and one tunnel', async () => {
  const { world, left, right } = await twoEnds();
  const wishes = Array.from({ length: 10 }, () => left.daemon.connect(left.wish(right)));
  const results = await world.until(Promise.all(wishes));
  assert.is(new Set(results.map((one) => one.ok && one.tunnel.id)).size, 1);
  assert.is(world.network.captured.length, 4);
  assert.is(left.installed.length, 1);
  await world.stop();
});

test('OE-67 tunnel: another pair over the same gateways takes the IKE SA that stands', async () => {
  const { world, left, right } = await twoEnds();
  const first = await world.until(left.daemon.connect(left.wish(right)));
  const wish = left.wish(right, { ours: '10.1.0.5', theirs: '10.2.0.6' });
  const second = await world.until(left.daemon.connect(wish));
  assert.ok(first.ok && second.ok);
  if (first.ok && second.ok) {
    assert.equal(first.tunnel.ike, second.tunnel.ike);
    assert.is.not(first.tunnel.id, second.tunnel.id);
  }
  mirrored(left, right, 1);
  assert.not.equal(left.installed[0]?.sa.outbound.keys, left.installed[1]?.sa.outbound.keys);
  const exchanges = captured(world).map(({ message }) => message?.head.exchange);
  assert.equal(exchanges, [34, 34, 35, 35, 36, 36]);
  await world.stop();
});

test('tunnel: the responder may ask for more over the same IKE SA', async () => {
  const { world, left, right } = await twoEnds();
  await world.until(left.daemon.connect(left.wish(right)));
  const wish = right.wish(left, { ours: '10.2.0.6', theirs: '10.1.0.5' });
  const second = await world.until(right.daemon.connect(wish));
  assert.ok(second.ok);
  assert.is(left.established.length, 1);
  mirrored(right, left, 1);
  assert.is(right.counter('IKE SAs'), 1);
  await world.stop();
});

test('OE-67 tunnel: many pairs wished for at once share one IKE SA', async () => {
  const { world, left, right } = await twoEnds();
  const hosts = Array.from({ length: 8 }, (_, i) => `10.2.0.${i + 1}`);
  const wishes = hosts.map((theirs) => left.daemon.connect(left.wish(right, { theirs })));
  const results = await world.until(Promise.all(wishes));
  assert.ok(results.every((one) => one.ok));
  assert.is(left.counter('IKE SAs'), 1);
  assert.is(right.installed.length, 8);
  const served = right.installed.map(({ sa }) => sa.ours.prefix.address).sort();
  assert.equal(served, hosts.map(address).sort());
  await world.stop();
});

test('tunnel: both ends start at the same time, and both wishes are fulfilled', async () => {
  const { world, left, right } = await twoEnds();
  const both = Promise.all([
    left.daemon.connect(left.wish(right)),
    right.daemon.connect(right.wish(left)),
  ]);
  const results = await world.until(both);
  assert.ok(results.every((one) => one.ok));
  await world.clock.advance(1000);
  assert.is(left.installed.length, 2);
  assert.is(right.installed.length, 2);
  assert.is(left.established.length + right.established.length, 2);
  await world.stop();
});

test('tunnel: a slow look-up for one peer does not hold up another', async () => {
  const { world, left, right } = await twoEnds();
  const third = await world.add('203.0.113.1');
  const keysFor = right.keysFor;
  right.keysFor = (claim) =>
    claim.address === left.address ? new Promise(() => undefined) : keysFor(claim);
  const slow = left.daemon.connect(left.wish(right));
  const fast = await world.until(third.daemon.connect(third.wish(right)), 1000);
  assert.ok(fast.ok);
  const result = await world.until(slow);
  assert.is(!result.ok && result.failure.kind, 'silent');
  await world.stop();
});

test('tunnel: sockets bypass IPsec, and the one on 4500 takes ESP off', async () => {
  const { world, left } = await twoEnds({ mark: 0x100 });
  const options = left.host.udpSockets.map((socket) => socket.options);
  assert.equal(
    options.map(({ family, port }) => `${family} ${port}`),
    ['4 500', '4 4500', '6 500', '6 4500'],
  );
  for (const one of options) {
    assert.is(one.bypassesIpsec, true);
    assert.is(one.encapsulatesEsp, one.port === 4500);
    assert.is(one.mark, 0x100);
  }
  await world.stop();
});

test('tunnel: a taken port is an error that names it, and leaves no socket open', async () => {
  const { world, left } = await twoEnds();
  const again = await world.add('203.0.113.7');
  await world.until(again.daemon.stop(0));
  await again.host.udp({ family: 4, port: 4500, onDatagram: () => undefined });
  const second = again.daemon.start();
  let message = '';
  await world.until(second.catch((error: Error) => (message = error.message)));
  assert.match(message, /IKE can not start: udp port 4500 .*another IKE daemon/);
  assert.is(again.host.udpSockets.length, 1);
  assert.ok(left.host.udpSockets.length === 4);
  await world.stop();
});
