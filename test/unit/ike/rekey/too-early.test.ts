/** What the peer asks about a tunnel before its answer with that tunnel has arrived (RFC 7296 §2.25). */
import type { Tunnel } from '../../../../src/core/ike/daemon.js';
import { Exchange } from '../../../../src/core/ike/registries/exchanges.js';
import { assert, test } from '../../../support/test.js';
import { assertMirrored, type Ends, failed, onWire, standing, story, up } from './two-ends.js';

/** The right end has a second tunnel, and its first answer with it is lost. */
async function answerLost(): Promise<{ ends: Ends; asked: Promise<unknown>; theirs: Tunnel }> {
  const ends = await up();
  const { world, left, right } = ends;
  onWire(ends, ({ exchange, isResponse, count }) => ({
    loses: exchange === Exchange.CREATE_CHILD_SA && isResponse && count === 1,
  }));
  const wish = left.wish(right, { ours: '198.18.1.9', theirs: '198.18.2.9' });
  const asked = left.daemon.connect(wish);
  await world.clock.advance(100);
  assert.equal([left.installed.length, right.installed.length], [1, 2]);
  return { ends, asked, theirs: right.established[1]! };
}

test('a rekey that overtakes the answer with its tunnel is put off, and done', async () => {
  const { ends, asked, theirs } = await answerLost();
  const { world, right } = ends;
  const from = world.network.captured.length;
  const rekey = right.daemon.rekey(theirs);
  await world.clock.advance(100);
  assert.equal(story(ends, from), ['right 36? REKEY_SA', 'left 36! TEMPORARY_FAILURE']);
  await world.until(asked);
  assert.is(failed(await world.until(rekey)), '');
  await world.clock.advance(1000);
  assertMirrored(ends, 2);
  await world.stop();
});

test('a delete that overtakes the answer with its tunnel: nothing of it is left at either end', async () => {
  const { ends, asked, theirs } = await answerLost();
  const { world, left, right } = ends;
  await world.until(right.daemon.close(theirs));
  await world.until(asked);
  await world.clock.advance(1000);
  assert.equal([left.installed.length, right.installed.length], [1, 1]);
  assert.equal(
    [left, right].map(({ ended }) => ended.map(({ why }) => why)),
    [['deleted by peer'], ['deleted by us']],
  );
  await world.stop();
});

test('a delete of the new keys that overtakes the answer to their rekey: the old ones go on', async () => {
  const ends = await up();
  const { world, left, right, ours } = ends;
  const old = ours.installed;
  onWire(ends, ({ exchange, isResponse, count }) => ({
    loses: exchange === Exchange.CREATE_CHILD_SA && isResponse && count === 1,
  }));
  const rekey = left.daemon.rekey(ours);
  await world.clock.advance(100);
  right.daemon.expired(right.installed[1]!);
  assert.match(failed(await world.until(rekey)), 'taken the new one back');
  await world.clock.advance(1000);
  assert.is(ours.installed, old);
  assertMirrored(ends);
  await world.stop();
});

test('a rekey of the IKE SA waits until our delete of a tunnel is answered', async () => {
  const ends = await up();
  const { world, left, right, ours, theirs } = ends;
  // It is out of our kernel already, and the peer has not heard of that.
  onWire(ends, ({ from, exchange, isResponse }) => ({
    loses: from === left.address && exchange === Exchange.INFORMATIONAL && !isResponse,
  }));
  left.daemon.expired(ours.installed);
  const from = world.network.captured.length;
  const rekey = right.daemon.rekeyIke(theirs);
  await world.clock.advance(500);
  assert.ok(story(ends, from).includes('left 36! TEMPORARY_FAILURE'));
  world.network.path.loses = undefined;
  await world.until(rekey);
  await world.clock.advance(20_000);
  assert.equal([left.installed, right.installed], [[], []]);
  assert.equal([standing(left).length, standing(right).length], [1, 1]);
  await world.stop();
});
