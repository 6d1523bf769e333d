/** IKE_AUTH that is answered when nobody waits any more: no tunnel stays at one end alone. */
import { type IkeEnd, type IkeWorld, twoEnds } from '../../support/ike-end.js';
import { assert, test } from '../../support/test.js';

/** The right kernel needs so long for a tunnel. */
async function slowRight(installMs: number) {
  const ends = await twoEnds();
  const { world, right } = ends;
  right.install = () => new Promise((resolve) => void world.clock.after(installMs, resolve));
  return ends;
}

/** Liveness is off in these worlds: what goes, goes because the peer is told. */
async function assertNothing(world: IkeWorld, ends: readonly IkeEnd[]): Promise<void> {
  await world.clock.advance(30_000);
  for (const end of ends) assert.is(end.installed.length, 0, end.address);
  await world.clock.advance(120_000);
  for (const end of ends) assert.is(end.counter('IKE SAs'), 0, end.address);
}

test('late answer: what the peer has made of IKE_AUTH after our patience is deleted there', async () => {
  const { world, left, right } = await slowRight(8000);
  const wish = left.wish(right, { patienceMs: 5000 });
  const result = await world.until(left.daemon.connect(wish));
  assert.is(!result.ok && result.failure.kind, 'silent');
  await world.clock.advance(2500);
  assert.is(right.installed.length, 0);
  await world.clock.advance(1000);
  await assertNothing(world, [left, right]);
  assert.equal(right.events.slice(-2), ['removed', 'ended deleted by peer']);
  assert.is(left.counter('bad moves'), 0);
  await world.stop();
  assert.is(world.clock.pendingTimers, 0);
});

test('late answer: the next wish goes its own way meanwhile, and one tunnel is left', async () => {
  const { world, left, right } = await slowRight(8000);
  await world.until(left.daemon.connect(left.wish(right, { patienceMs: 5000 })));
  right.install = async () => undefined;
  const second = await world.until(left.daemon.connect(left.wish(right)));
  assert.ok(second.ok);
  await world.clock.advance(60_000);
  assert.equal([left.installed.length, right.installed.length], [1, 1]);
  assert.is(left.installed[0]!.sa.inbound.spi, right.installed[0]!.sa.outbound.spi);
  assert.equal([left.counter('IKE SAs'), right.counter('IKE SAs')], [1, 1]);
  await world.stop();
});

test('late answer: a refusal that comes late needs no delete', async () => {
  const { world, left, right } = await twoEnds();
  right.keysFor = () =>
    new Promise((resolve) => void world.clock.after(7000, () => resolve({ ok: true, keys: [] })));
  await world.until(left.daemon.connect(left.wish(right, { patienceMs: 5000 })));
  await world.clock.advance(2000);
  const before = world.network.captured.length;
  await assertNothing(world, [left, right]);
  const more = world.network.captured.length - before;
  assert.ok(more <= 2, `${more} packets`);
  await world.stop();
});

test('late answer: a peer that never answers is not asked for ever', async () => {
  const { world, left, right } = await twoEnds();
  right.keysFor = () => new Promise(() => undefined);
  right.authorize = () => new Promise(() => undefined);
  void left.daemon.connect(left.wish(right, { patienceMs: 5000 }));
  await world.clock.advance(1000);
  world.network.path.loses = () => true;
  await assertNothing(world, [left]);
  const before = world.network.captured.length;
  await world.clock.advance(120_000);
  assert.is(world.network.captured.length, before);
  await world.stop();
});
