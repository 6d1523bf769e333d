import { spiBytes } from '../../../src/core/ike/child.js';
import type { Tunnel } from '../../../src/core/ike/daemon.js';
import { find, findAll, type Payload } from '../../../src/core/ike/payloads/payload.js';
import { Exchange } from '../../../src/core/ike/registries/exchanges.js';
import { type IkeEnd, type IkeWorld, twoEnds } from '../../support/ike-end.js';
import { openCaptured, sasOf, speakFor } from '../../support/ike-peer.js';
import { assert, test } from '../../support/test.js';

const ESP = 3;

async function up(): Promise<{ world: IkeWorld; left: IkeEnd; right: IkeEnd; tunnel: Tunnel }> {
  const ends = await twoEnds();
  const result = await ends.world.until(ends.left.daemon.connect(ends.left.wish(ends.right)));
  if (!result.ok) throw new Error(result.failure.why);
  await ends.world.clock.advance(100);
  return { ...ends, tunnel: result.tunnel };
}

/** Messages since packet `from`, opened, with who sent them. */
function since(world: IkeWorld, end: IkeEnd, from: number) {
  const [sa] = sasOf(end);
  return world.network.captured.slice(from).map((packet) => ({
    by: packet.from.address,
    atMs: packet.atMs,
    payloads: openCaptured(sa!, packet),
  }));
}

const deleted = (payloads: readonly Payload[]) =>
  findAll(payloads, 'D').flatMap(({ protocol, spis }) => spis.map((spi) => [protocol, spi]));

test("OE-126 OE-127 OE-129 delete: names our inbound SPI, the answer names the peer's, both ends are clear", async () => {
  const { world, left, right, tunnel } = await up();
  const before = world.network.captured.length;
  const { inbound, outbound } = tunnel.installed.sa;
  await world.until(left.daemon.close(tunnel));
  await world.clock.advance(100);
  const [request, response, ...more] = since(world, left, before);
  assert.equal(deleted(request!.payloads), [[ESP, spiBytes(inbound.spi)]]);
  assert.equal(deleted(response!.payloads), [[ESP, spiBytes(outbound.spi)]]);
  assert.is(more.length, 0);
  assert.equal([left.installed, right.installed], [[], []]);
  assert.equal(left.events.slice(-2), ['removed', 'ended deleted by us']);
  assert.equal(right.events.slice(-2), ['removed', 'ended deleted by peer']);
  await world.stop();
});

for (const state of ['INSTALLING', 'UP', 'REKEYING', 'REPLACED', 'DELETING'] as const)
  test(`RFC 7296 §2.25.1 delete: of a tunnel that is ${state} here; our half is ${state === 'DELETING' ? 'in our own delete' : 'in the answer'}`, async () => {
    const { world, left, right, tunnel } = await up();
    const [child] = sasOf(right)[0]!.children;
    child!.state = state;
    const before = world.network.captured.length;
    await world.until(left.daemon.close(tunnel));
    const answer = since(world, left, before)[1]!;
    const { outbound } = tunnel.installed.sa;
    const ours = state === 'DELETING' ? [] : [[ESP, spiBytes(outbound.spi)]];
    assert.equal(deleted(answer.payloads), ours);
    assert.equal(right.installed, []);
    await world.stop();
  });

test('OE-118 delete: the IKE SA outlives its tunnel and serves the next one', async () => {
  const { world, left, right, tunnel } = await up();
  await world.until(left.daemon.close(tunnel));
  const again = await world.until(left.daemon.connect(left.wish(right)));
  assert.ok(again.ok);
  assert.equal(again.ok && again.tunnel.ike, tunnel.ike);
  await world.stop();
});

test('delete: the responder deletes too', async () => {
  const { world, left, right } = await up();
  await world.until(right.daemon.close(right.established[0]!));
  await world.clock.advance(100);
  assert.equal(
    left.ended.map(({ why }) => why),
    ['deleted by peer'],
  );
  assert.equal([left.installed, right.installed], [[], []]);
  await world.stop();
});

test('OE-128 delete: both ends at once; the crossing deletes are answered without a delete', async () => {
  const { world, left, right, tunnel } = await up();
  const before = world.network.captured.length;
  const both = [left.daemon.close(tunnel), right.daemon.close(right.established[0]!)];
  await world.until(Promise.all(both));
  await world.clock.advance(100);
  const messages = since(world, left, before);
  assert.is(messages.length, 4);
  assert.is(messages.filter(({ payloads }) => deleted(payloads).length > 0).length, 2);
  assert.equal([left.installed, right.installed], [[], []]);
  assert.equal([left.ended.length, right.ended.length], [1, 1]);
  await world.stop();
});

test('OE-128 delete: one for an unknown SPI gets an empty answer and no delete', async () => {
  const { world, left, right } = await up();
  const before = world.network.captured.length;
  const [sa] = sasOf(left);
  const payloads: Payload[] = [{ kind: 'D', protocol: ESP, spis: [spiBytes(0xdeadbeef)] }];
  speakFor(left, sa!, { exchange: Exchange.INFORMATIONAL, messageId: 2, payloads });
  await world.clock.advance(100);
  const [, answer, ...more] = since(world, left, before);
  assert.equal(answer?.payloads, []);
  assert.is(more.length, 0);
  assert.is(right.installed.length, 1);
  await world.stop();
});

test('OE-118 delete: an unauthenticated one changes nothing', async () => {
  const { world, left, right } = await up();
  const [sa] = sasOf(left);
  const { writeMessage } = await import('../../../src/core/ike/message.js');
  const bytes = writeMessage(sa!.head(Exchange.INFORMATIONAL, false, 2), [
    { kind: 'D', protocol: 1, spis: [] },
  ]);
  world.network.transmit(sa!.path.local, sa!.path.remote, bytes);
  await world.clock.advance(100);
  assert.is(right.installed.length, 1);
  assert.is(right.counter('unprotected messages'), 1);
  assert.is(world.network.captured.at(-1)?.from.address, left.address);
  await world.stop();
});

test('OE-130 delete: a mute peer gets three tries, ten seconds apart, then the tunnel goes', async () => {
  const { world, left, tunnel } = await up();
  world.network.path.loses = () => true;
  const before = world.network.captured.length;
  const start = world.clock.monotonicMs();
  const closing = left.daemon.close(tunnel);
  await world.clock.advance(29_000);
  assert.is(left.installed.length, 1);
  await world.until(closing);
  await world.clock.advance(60_000);
  const tries = world.network.captured.slice(before).map(({ atMs }) => atMs - start);
  assert.is(tries.length, 3);
  for (const [i, at] of tries.entries())
    assert.ok(at >= i * 10_000 && at <= i * 11_250, `try ${i} at ${at}`);
  assert.equal(left.installed, []);
  await world.stop();
});

test('delete: the kernel ended a tunnel; the peer is told', async () => {
  const { world, left, right, tunnel } = await up();
  left.daemon.expired(tunnel.installed);
  await world.clock.advance(100);
  assert.equal(
    left.ended.map(({ why }) => why),
    ['expired'],
  );
  assert.equal(right.installed, []);
  await world.stop();
});

test('OE-19 delete: what the kernel ended is over at once, whether the peer hears of it or not', async () => {
  const { world, left, tunnel } = await up();
  world.network.path.loses = () => true;
  left.daemon.expired(tunnel.installed);
  await world.clock.advance(100);
  assert.equal(
    left.ended.map(({ why }) => why),
    ['expired'],
  );
  assert.equal(left.installed, []);
  await world.stop();
});

test('delete: the peer is mute, and the kernel ends the tunnel before patience does', async () => {
  const { world, left, tunnel } = await up();
  world.network.path.loses = () => true;
  const closing = left.daemon.close(tunnel);
  await world.clock.advance(5000);
  left.daemon.expired(tunnel.installed);
  await world.clock.advance(100);
  assert.is(left.ended.length, 1);
  await world.until(closing);
  assert.is(left.ended.length, 1);
  await world.stop();
});

test('delete: of two tunnels with one reqid, as old and new have, the one that ended goes', async () => {
  const { world, left, right, tunnel } = await up();
  const wish = left.wish(right, { ours: '198.18.1.10', theirs: '198.18.2.10' });
  const result = await world.until(left.daemon.connect(wish));
  if (!result.ok) throw new Error(result.failure.why);
  const second = result.tunnel;
  Object.assign(second.installed, { reqid: tunnel.installed.reqid });
  left.daemon.expired(second.installed);
  await world.clock.advance(100);
  assert.equal(
    left.ended.map((each) => each.tunnel),
    [second],
  );
  await world.stop();
});

test('OE-57 delete: an IKE SA without tunnels goes after a while, by an authenticated delete', async () => {
  const { world, left, right, tunnel } = await up();
  await world.until(left.daemon.close(tunnel));
  const sa = sasOf(left)[0]!;
  const keys = sa.keys;
  const before = world.network.captured.length;
  await world.clock.advance(125_000);
  sa.keys = keys;
  const first = openCaptured(sa, world.network.captured[before]!);
  assert.equal(find(first, 'D'), { kind: 'D', protocol: 1, spis: [] });
  await world.clock.advance(60_000);
  assert.equal([left.counter('IKE SAs'), right.counter('IKE SAs')], [0, 0]);
  await world.stop();
});

test('OE-148 delete: a stop tells every peer, and leaves nothing behind', async () => {
  const { world, left, right } = await up();
  const third = await world.add('203.0.113.1');
  await world.until(third.daemon.connect(third.wish(right)));
  await world.until(right.daemon.stop(2000));
  await world.clock.advance(100);
  for (const end of [left, third]) {
    assert.equal(
      end.ended.map(({ why }) => why),
      ['deleted by peer'],
    );
    assert.equal(end.installed, []);
  }
  assert.equal(right.installed, []);
  assert.is(right.host.udpSockets.length, 0);
  await world.stop();
  await world.clock.advance(1000);
  assert.is(world.clock.pendingTimers, 0);
});

test('OE-148 delete: a stop with mute peers ends in time all the same', async () => {
  const { world, left } = await up();
  world.network.path.loses = () => true;
  const start = world.clock.monotonicMs();
  await world.until(left.daemon.stop(2000));
  assert.is(world.clock.monotonicMs() - start, 2000);
  assert.equal(left.installed, []);
  await world.stop();
});

test('OE-149 delete: whoever calls during a stop gets no answer', async () => {
  const { world, left, right } = await up();
  world.network.path.loses = ({ to }) => to.address === left.address;
  const stopping = right.daemon.stop(2000);
  const third = await world.add('203.0.113.1');
  const result = await world.until(third.daemon.connect(third.wish(right, { patienceMs: 1500 })));
  assert.is(!result.ok && result.failure.kind, 'silent');
  const toThird = world.network.captured.filter(({ to }) => to.address === third.address);
  assert.is(toThird.length, 0);
  assert.is(right.counter('ignored while stopping') > 0, true);
  await world.until(stopping);
  await world.stop();
});

test('delete: wishes after and during a stop fail at once', async () => {
  const { world, left, right } = await twoEnds();
  const waiting = left.daemon.connect(left.wish(right));
  const stopping = left.daemon.stop(1000);
  const late = left.daemon.connect(left.wish(right, { theirs: '10.2.0.6' }));
  for (const result of await world.until(Promise.all([waiting, late])))
    assert.is(!result.ok && result.failure.kind, 'internal');
  await world.until(stopping);
  await world.stop();
});
