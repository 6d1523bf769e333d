/** A Child SA that the peer has lost while its IKE SA lives (RFC 7296 §2.25.1). */

import type { PacketCounts } from '../../../src/core/kernel/child-sa.js';
import type { IkeEnd } from '../../support/ike-end.js';
import { assert, test } from '../../support/test.js';
import { assertMirrored, type Ends, spiOf, standing, story, up } from './rekey/two-ends.js';

const limits = { livenessMs: 60_000 };
const INTERVALS = 4;

/** Ends of which the left one's kernel counts what `passes` says of each Child SA at its n-th look, from 1. */
async function counted(
  passes: (look: number, ordinal: number) => PacketCounts,
  more = {},
): Promise<Ends> {
  const looks = new Map<number, number>();
  const packetCounts = async ({ sa }: { sa: { inbound: { spi: number } } }) => {
    const { spi } = sa.inbound;
    const look = (looks.get(spi) ?? 0) + 1;
    looks.set(spi, look);
    return passes(look, [...looks.keys()].indexOf(spi) + 1);
  };
  return up({ limits, packetCounts, ...more });
}

/** Something came in once, then only we send. */
const onlySends = (look: number): PacketCounts => ({ packetsIn: 1, packetsOut: look });

const rekeys = (ends: Ends, from: number): string[] =>
  story(ends, from).filter((line) => line.includes('REKEY_SA'));

/** It forgets its Child SAs, and nobody is told. */
function forget(end: IkeEnd): void {
  for (const sa of standing(end)) sa.children.clear();
}

test('lost Child SA: a tunnel through which nothing comes back gets new keys, once', async () => {
  const ends = await counted((look, ordinal) =>
    ordinal === 1 ? onlySends(look) : { packetsIn: 0, packetsOut: look },
  );
  const { world, left } = ends;
  const from = world.network.captured.length;
  const before = spiOf(ends.ours);
  await world.clock.advance(2 * INTERVALS * limits.livenessMs);
  assert.equal(rekeys(ends, from), ['left 36? REKEY_SA']);
  assert.not.equal(spiOf(ends.ours), before);
  assert.is(left.counter('tunnels in doubt'), 1);
  assertMirrored(ends);
  await world.stop();
});

test('lost Child SA: the peer does not know it any more, and it is made anew when traffic wants it', async () => {
  const ends = await counted(onlySends);
  const { world, left, right } = ends;
  forget(right);
  await world.clock.advance(INTERVALS * limits.livenessMs);
  assert.equal(
    left.ended.map(({ why }) => why),
    ['deleted by peer'],
  );
  assert.equal(left.installed, []);
  await world.stop();
});

for (const [what, passes] of [
  ['sends and never hears', (look) => ({ packetsIn: 0, packetsOut: look })],
  ['is idle', () => ({ packetsIn: 5, packetsOut: 5 })],
  ['has sent a last packet', (look) => ({ packetsIn: 5, packetsOut: look === 1 ? 5 : 6 })],
  ['hears now and then', (look) => ({ packetsIn: 1 + (look >> 1), packetsOut: look })],
] as readonly [string, (look: number) => PacketCounts][])
  test(`lost Child SA: a tunnel that ${what} is none`, async () => {
    const ends = await counted(passes);
    const { world } = ends;
    const from = world.network.captured.length;
    await world.clock.advance(2 * INTERVALS * limits.livenessMs);
    assert.equal(rekeys(ends, from), []);
    assertMirrored(ends);
    await world.stop();
  });

/** Both ends rekey their IKE SA at once; gives the one whose new IKE SA goes. */
async function collided(ends: Ends): Promise<'left' | 'right'> {
  const { world, left, right, ours, theirs } = ends;
  await world.until(Promise.all([left.daemon.rekeyIke(ours), right.daemon.rekeyIke(theirs)]));
  return left.counter('IKE rekeys as initiator') === 0 ? 'left' : 'right';
}

test('lost Child SA: after a rekey of the IKE SA at both ends at once, the one whose new IKE SA went asks', async () => {
  const ends = await up();
  const { world } = ends;
  const from = world.network.captured.length;
  const loser = await collided(ends);
  await world.clock.advance(1000);
  assert.equal(rekeys(ends, from), [`${loser} 36? REKEY_SA`]);
  assertMirrored(ends);
  await world.stop();
});

test('lost Child SA: the peer has dropped the tunnels with the redundant IKE SA', async () => {
  const ends = await up();
  const { world } = ends;
  const loser = await collided(ends);
  forget(ends[loser === 'left' ? 'right' : 'left']);
  await world.clock.advance(3000);
  assert.equal(
    ends[loser].ended.map(({ why }) => why),
    ['deleted by peer'],
  );
  await world.stop();
});

test('lost Child SA: the peer makes it anew while it is asked for it: what it has made is sent with at once', async () => {
  const ends = await up();
  const { world, left, right, theirs } = ends;
  forget(left);
  const [rekey, fresh] = await world.until(
    Promise.all([right.daemon.rekey(theirs), left.daemon.connect(left.wish(right))]),
  );
  await world.clock.advance(500);
  assert.ok(rekey.ok && fresh.ok);
  assert.equal([right.staged.size, right.ended], [0, []]);
  assert.ok(right.installed.includes(theirs.installed));
  const spi = fresh.ok && fresh.tunnel.installed.sa.outbound.spi;
  assert.is(theirs.installed.sa.inbound.spi, spi);
  await world.stop();
});
