import { type IkeEnd, type IkeWorld, twoEnds } from '../../support/ike-end.js';
import { chance } from '../../support/memory-network.js';
import { assert, test } from '../../support/test.js';

/** A tunnel, one more over the same IKE SA, then one deleted: six exchanges' worth of packets. */
async function walk(world: IkeWorld, left: IkeEnd, right: IkeEnd): Promise<void> {
  const first = await world.until(left.daemon.connect(left.wish(right)));
  assert.ok(first.ok, JSON.stringify(first));
  const second = await world.until(left.daemon.connect(left.wish(right, { theirs: '10.2.0.6' })));
  assert.ok(second.ok, JSON.stringify(second));
  if (first.ok) await world.until(left.daemon.close(first.tunnel));
  // time for deletes of what came up twice, because an answer was lost
  await world.clock.advance(40_000);
  assert.equal([left.installed.length, right.installed.length], [1, 1]);
  assert.equal(left.installed[0]?.sa.inbound, right.installed[0]?.sa.outbound);
  await world.stop();
}

/** How often each thing happened at the responder. */
const countsOf = (end: IkeEnd): number[] =>
  ['install', 'installed', 'established'].map(
    (what) => end.events.filter((event) => event === what).length,
  );

const PACKETS = 8;

for (let lost = 1; lost <= PACKETS; lost++)
  test(`loss: packet ${lost} of ${PACKETS} is lost once`, async () => {
    const { world, left, right } = await twoEnds();
    world.network.path.loses = ({ number }) => number === lost;
    await walk(world, left, right);
    assert.is(world.network.captured.filter(({ fate }) => fate === 'lost').length, 1);
    assert.equal(countsOf(right), [2, 2, 2]);
  });

test('loss: without loss it takes eight packets', async () => {
  const { world, left, right } = await twoEnds();
  await walk(world, left, right);
  // four more at the end: both say goodbye and answer
  assert.is(world.network.captured.length, PACKETS + 4);
  assert.is(left.counter('retransmissions'), 0);
});

test('loss: every packet arrives twice, nothing is processed twice', async () => {
  const { world, left, right } = await twoEnds();
  world.network.path.duplicates = () => true;
  await walk(world, left, right);
  assert.equal(countsOf(right), [2, 2, 2]);
  assert.ok(right.counter('repeated requests') >= 3);
});

test('loss: every packet arrives twice, the second time much later', async () => {
  const { world, left, right } = await twoEnds();
  world.network.path.duplicates = () => true;
  let turn = 0;
  world.network.path.delayMs = () => (turn++ % 2 === 0 ? 10 : 700);
  await walk(world, left, right);
});

for (const seed of [1, 2, 3, 4, 5])
  test(`loss: a quarter of all packets is lost, seed ${seed}`, async () => {
    const { world, left, right } = await twoEnds();
    world.network.path.loses = chance(1 / 4, seed * 0x9e3779b9);
    await walk(world, left, right);
  });

test('loss: packets overtake each other', async () => {
  const { world, left, right } = await twoEnds();
  const late = chance(0.4, 9);
  world.network.path.delayMs = () => (late() ? 900 : 10);
  await walk(world, left, right);
});

test('loss: a repeated request gets the same answer, byte for byte', async () => {
  const { world, left, right } = await twoEnds();
  world.network.path.loses = ({ number }) => number === 4;
  await world.until(left.daemon.connect(left.wish(right)));
  const answers = world.network.captured.filter(({ from }) => from.address === right.address);
  assert.equal(answers[1]?.bytes, answers[2]?.bytes);
  assert.is(right.events.filter((event) => event === 'install').length, 1);
  await world.stop();
});
