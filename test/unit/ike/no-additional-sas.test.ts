/** A peer that makes no more tunnels within an IKE SA (RFC 7296 §1.3, §4). */
import { twoEnds } from '../../support/ike-end.js';
import { sasOf } from '../../support/ike-peer.js';
import { assert, test } from '../../support/test.js';

const standing = (end: Parameters<typeof sasOf>[0]) =>
  sasOf(end).filter(({ state }) => state === 'ESTABLISHED');

test('a peer of one tunnel for each IKE SA gets as many IKE SAs as there are wishes', async () => {
  const { world, left, right } = await twoEnds({}, { limits: { maxChildrenPerSa: 1 } });
  const wishes = ['198.18.2.1', '198.18.2.2', '198.18.2.3'].map((theirs) =>
    left.daemon.connect(left.wish(right, { theirs })),
  );
  const results = await world.until(Promise.all(wishes));
  assert.equal(
    results.map(({ ok }) => ok),
    [true, true, true],
  );
  await world.clock.advance(1000);
  const sizes = standing(left).map(({ children }) => children.size);
  assert.equal(sizes, [1, 1, 1]);
  assert.equal([left.installed.length, right.installed.length], [3, 3]);
  await world.stop();
});

test('a peer that refused one more is asked again when it has one less', async () => {
  const { world, left, right } = await twoEnds({}, { limits: { maxChildrenPerSa: 2 } });
  const connect = (theirs: string) =>
    world.until(left.daemon.connect(left.wish(right, { theirs })));
  await connect('198.18.2.1');
  const second = await connect('198.18.2.2');
  await connect('198.18.2.3');
  assert.is(standing(left).length, 2);
  if (second.ok) await world.until(left.daemon.close(second.tunnel));
  const full = standing(left)[1]!;
  full.mostChildren = 1;
  await connect('198.18.2.4');
  assert.equal(
    standing(left).map(({ children }) => children.size),
    [2, 1],
  );
  await world.stop();
});
