import type { Tunnel } from '../../../src/core/ike/daemon.js';
import { twoEnds } from '../../support/ike-end.js';
import { assert, test } from '../../support/test.js';

const limits = { livenessMs: 60_000 };

test('SP-33 SP-34 liveness: a quiet peer is asked over IKE, once for all its tunnels', async () => {
  const { world, left, right } = await twoEnds({ limits });
  await world.until(left.daemon.connect(left.wish(right)));
  await world.until(left.daemon.connect(left.wish(right, { theirs: '10.2.0.6' })));
  const before = world.network.captured.length;
  await world.clock.advance(130_000);
  const sent = world.network.captured.slice(before);
  assert.is(sent.length, 4);
  for (const { bytes } of sent) assert.is(bytes[18], 37);
  assert.is(left.installed.length, 2);
  await world.stop();
});

test('SP-34 liveness: traffic that comes in through a tunnel spares the question', async () => {
  let packets = 0;
  const packetCounts = async () => ({ packetsIn: ++packets, packetsOut: 0 });
  const { world, left, right } = await twoEnds({ limits, packetCounts });
  await world.until(left.daemon.connect(left.wish(right)));
  const before = world.network.captured.length;
  await world.clock.advance(300_000);
  assert.is(world.network.captured.length, before);
  assert.ok(packets >= 4);
  await world.stop();
});

test('SP-34 liveness: what the peer says over IKE spares the question for a full while', async () => {
  const { world, left, right } = await twoEnds({ limits });
  await world.until(left.daemon.connect(left.wish(right)));
  await world.clock.advance(50_000);
  assert.ok(await world.until(right.daemon.check(right.established[0]!)));
  const before = world.network.captured.length;
  await world.clock.advance(55_000);
  assert.is(world.network.captured.length, before);
  await world.clock.advance(10_000);
  assert.is(world.network.captured.length, before + 2);
  await world.stop();
});

test('SP-34 liveness: no tunnel, no question', async () => {
  const { world, left, right } = await twoEnds({ limits: { ...limits, idleMs: 1e7 } });
  const result = await world.until(left.daemon.connect(left.wish(right)));
  if (result.ok) await world.until(left.daemon.close(result.tunnel));
  const before = world.network.captured.length;
  await world.clock.advance(110_000);
  assert.is(world.network.captured.length, before);
  await world.stop();
});

test('SP-31 liveness: a dead peer loses its tunnels here, without a delete being sent', async () => {
  const { world, left, right } = await twoEnds({ limits });
  await world.until(left.daemon.connect(left.wish(right)));
  world.network.path.loses = () => true;
  const before = world.network.captured.length;
  await world.clock.advance(100_000);
  assert.equal(
    left.ended.map(({ why }) => why),
    ['peer is dead'],
  );
  assert.equal(left.installed, []);
  const sent = world.network.captured.slice(before).map(({ bytes }) => bytes);
  assert.is(sent.length, 5);
  for (const bytes of sent) assert.equal(bytes, sent[0]);
  assert.is(left.counter('dead peers'), 1);
  await world.stop();
});

test('OE-133 liveness: ten seconds of outage are survived', async () => {
  const { world, left, right } = await twoEnds({ limits });
  await world.until(left.daemon.connect(left.wish(right)));
  const start = world.clock.monotonicMs();
  world.network.path.loses = () => {
    const now = world.clock.monotonicMs() - start;
    return now > 59_000 && now < 70_000;
  };
  await world.clock.advance(120_000);
  assert.is(left.installed.length, 1);
  assert.ok(world.network.captured.some(({ fate }) => fate === 'lost'));
  await world.stop();
});

test('liveness: a check on demand tells whether the peer lives', async () => {
  const { world, left, right } = await twoEnds();
  const result = await world.until(left.daemon.connect(left.wish(right)));
  const tunnel = (result as { tunnel: Tunnel }).tunnel;
  assert.is(await world.until(left.daemon.check(tunnel)), true);
  world.network.path.loses = () => true;
  assert.is(await world.until(left.daemon.check(tunnel)), false);
  assert.equal(
    left.ended.map(({ why }) => why),
    ['peer is dead'],
  );
  assert.is(await world.until(left.daemon.check(tunnel)), false);
  await world.stop();
});
