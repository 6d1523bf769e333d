/** IKE SAs that carry no tunnel, or many. */
import { type IkeEnd, IkeWorld, twoEnds } from '../../support/ike-end.js';
import { assert, test } from '../../support/test.js';

const idleMs = 120_000;

test('SP-30 an IKE SA outlives its last tunnel, serves the next one, and goes in the end', async () => {
  const { world, left, right } = await twoEnds();
  const first = await world.until(left.daemon.connect(left.wish(right)));
  if (!first.ok) throw new Error(first.failure.why);
  await world.until(left.daemon.close(first.tunnel));
  await world.clock.advance(idleMs / 2);
  assert.is(left.counter('IKE SAs'), 1);
  const second = await world.until(left.daemon.connect(left.wish(right)));
  if (!second.ok) throw new Error(second.failure.why);
  assert.equal(second.tunnel.ike, first.tunnel.ike);
  await world.until(left.daemon.close(second.tunnel));
  await world.clock.advance(idleMs + 60_000);
  assert.equal([left.counter('IKE SAs'), right.counter('IKE SAs')], [0, 0]);
  await world.stop();
});

test('OE-153 proven peers without a tunnel are limited in number, and reclaimed', async () => {
  const world = new IkeWorld();
  const right = await world.add('198.51.100.1', { limits: { maxSas: 3, livenessMs: 0 } });
  right.authorize = async () => ({ ok: false, why: 'nobody vouches for it' });
  const callers: IkeEnd[] = [];
  // these would never delete by themselves
  const limits = { livenessMs: 0, idleMs: 1e9 };
  for (let i = 1; i <= 5; i++) callers.push(await world.add(`192.0.2.${i}`, { limits }));
  const call = (caller: IkeEnd) =>
    world.until(caller.daemon.connect(caller.wish(right, { patienceMs: 2000 })));
  for (const caller of callers) assert.ok(!(await call(caller)).ok);
  assert.is(right.counter('IKE SAs'), 3);
  assert.is(right.counter('peers refused'), 3);
  await world.clock.advance(idleMs + 60_000);
  assert.is(right.counter('IKE SAs'), 0);
  right.authorize = async () => ({ ok: true });
  assert.ok((await call(callers[4]!)).ok);
  await world.stop();
});

test('SP-35 twenty tunnels with one gateway: one question a minute whether it lives', async () => {
  const { world, left, right } = await twoEnds({ limits: { livenessMs: 60_000 } });
  for (let i = 1; i <= 20; i++)
    assert.ok(
      (await world.until(left.daemon.connect(left.wish(right, { theirs: `10.2.0.${i}` })))).ok,
    );
  const before = world.network.captured.length;
  await world.clock.advance(190_000);
  const asked = world.network.captured
    .slice(before)
    .filter(({ from }) => from.address === left.address);
  assert.is(asked.length, 3);
  await world.stop();
});
