import { twoEnds } from '../../support/ike-end.js';
import { assert, test } from '../../support/test.js';

test('ike: two daemons set up a tunnel', async () => {
  const { world, left, right } = await twoEnds();
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.ok(result.ok, JSON.stringify(result));
  await world.clock.advance(100);
  assert.is(right.established.length, 1);
  const mine = left.installed[0]!.sa;
  const theirs = right.installed[0]!.sa;
  assert.equal(mine.outbound, theirs.inbound);
  assert.equal(mine.inbound, theirs.outbound);
  await world.stop();
});
