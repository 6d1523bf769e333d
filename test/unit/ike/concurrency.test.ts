import { Exchange } from '../../../src/core/ike/registries/exchanges.js';
import { assert, test } from '../../support/test.js';
import { assertMirrored, farEnds, mostAtOnce, up, wishFor } from './far-ends.js';

test('OE-67 concurrency: a hundred pairs of one peer take two seconds, not the sum of all', async () => {
  const ends = await farEnds();
  const { world, left } = ends;
  const start = world.clock.monotonicMs();
  const results = await world.until(wishFor(ends, 100));
  const tookMs = world.clock.monotonicMs() - start;
  assert.ok(results.every(({ ok }) => ok));
  assert.ok(tookMs < 1000, `${tookMs} ms`);
  assert.is(mostAtOnce(ends), 16);
  assertMirrored(ends, 100);
  assert.equal([left.counter('IKE SAs'), left.counter('retransmissions')], [1, 0]);
  await world.stop();
});

test('concurrency: a peer that announces no window gets one request at a time', async () => {
  const ends = await farEnds({}, { limits: { window: 1 } });
  const { world } = ends;
  const start = world.clock.monotonicMs();
  const results = await world.until(wishFor(ends, 10));
  assert.ok(results.every(({ ok }) => ok));
  assert.is(mostAtOnce(ends), 1);
  assert.ok(world.clock.monotonicMs() - start > 9 * 90);
  assertMirrored(ends, 10);
  await world.stop();
});

test('concurrency: a peer with a small window gets no more than it takes', async () => {
  const ends = await farEnds({}, { limits: { window: 3 } });
  const results = await ends.world.until(wishFor(ends, 12));
  assert.ok(results.every(({ ok }) => ok));
  assert.is(mostAtOnce(ends), 3);
  assert.is(ends.right.counter('messages outside the window'), 0);
  await ends.world.stop();
});

test('concurrency: the responder has a window for its own requests too', async () => {
  const ends = await farEnds();
  const { world, left, right } = ends;
  await world.until(left.daemon.connect(left.wish(right)));
  await world.clock.advance(100);
  await world.until(wishFor({ world, left: right, right: left }, 20));
  assert.is(mostAtOnce(ends), 16);
  assert.is(right.counter('IKE SAs'), 1);
  await world.stop();
});

test('OE-148 concurrency: the delete of the IKE SA does not wait for what the owner thinks over', async () => {
  const ends = await up();
  const { world, left, right } = ends;
  right.authorize = () => new Promise(() => undefined);
  void wishFor(ends, 10);
  await world.clock.advance(200);
  assert.is(right.counter('IKE SAs'), 1);
  void left.daemon.stop(2000);
  await world.clock.advance(30);
  assert.equal(
    right.ended.map(({ why }) => why),
    ['deleted by peer'],
  );
  await world.clock.advance(30);
  assert.equal([left.installed, right.installed], [[], []]);
  await world.stop();
});

test('concurrency: the delete of the IKE SA goes before deletes of single tunnels in line', async () => {
  const { world, left, right } = await farEnds({}, { limits: { window: 1 } });
  const results = await world.until(wishFor({ world, left, right }, 6));
  await world.clock.advance(100);
  const before = world.network.captured.length;
  for (const result of results) if (result.ok) void left.daemon.close(result.tunnel);
  await world.until(left.daemon.stop(2000));
  const sent = world.network.captured.slice(before);
  assert.is(sent.length, 4);
  for (const { bytes } of sent) assert.is(bytes[18], Exchange.INFORMATIONAL);
  assert.equal([left.installed, right.installed], [[], []]);
  await world.stop();
});

test('concurrency: a fresh IKE SA that is not needed any more is not asked for any longer', async () => {
  const ends = await up();
  const { world, left, right } = ends;
  let mute = true;
  world.network.path.loses = ({ from, bytes }) =>
    (mute && from.address === right.address) || bytes[18] === 34;
  const connecting = wishFor(ends, 3);
  await world.clock.advance(4000);
  assert.is(left.counter('IKE SAs'), 2);
  mute = false;
  for (const { ok } of await world.until(connecting)) assert.ok(ok);
  await world.clock.advance(100);
  const before = world.network.captured.length;
  await world.clock.advance(40_000);
  assert.is(world.network.captured.length, before);
  assert.is(left.counter('IKE SAs'), 1);
  assertMirrored(ends, 4);
  await world.stop();
});

test('concurrency: what is asked for already is not asked for again when the peer speaks again', async () => {
  const ends = await up();
  const { world, left, right } = ends;
  const start = world.clock.monotonicMs();
  const { path, captured } = world.network;
  const isFirst = (bytes: Uint8Array) => bytes[23] === 2;
  // the first wish is answered after 4 s and the others after 10 s; no fresh IKE SA comes to be
  path.loses = ({ from, bytes }) => {
    const afterMs = world.clock.monotonicMs() - start;
    const isMute = afterMs < (isFirst(bytes) ? 4000 : 10_000);
    return bytes[18] === 34 || (isMute && from.address === right.address);
  };
  for (const { ok } of await world.until(wishFor(ends, 3))) assert.ok(ok);
  const asked = captured.filter(
    ({ bytes, from }) => bytes[18] === Exchange.CREATE_CHILD_SA && from.address === left.address,
  );
  assert.is(new Set(asked.map(({ bytes }) => bytes[23])).size, 3);
  path.loses = undefined;
  await world.clock.advance(40_000);
  assertMirrored(ends, 4);
  await world.stop();
});
