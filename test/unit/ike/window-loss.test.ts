import { Exchange } from '../../../src/core/ike/registries/exchanges.js';
import { chance } from '../../support/memory-network.js';
import { assert, test } from '../../support/test.js';
import { assertMirrored, type Ends, up, wishFor } from './far-ends.js';

test('window loss: a repetition of each of the last sixteen gets the same bytes again', async () => {
  const ends = await up();
  const { world, left, right } = ends;
  await world.until(wishFor(ends, 20));
  await world.clock.advance(100);
  const { captured } = world.network;
  const wires = captured.filter(({ bytes }) => bytes[18] === Exchange.CREATE_CHILD_SA);
  const asked = wires.filter(({ from }) => from.address === left.address);
  const answers = new Map(
    wires.filter(({ from }) => from.address === right.address).map((p) => [p.bytes[23], p.bytes]),
  );
  assert.equal([asked.length, answers.size], [20, 20]);
  const before = captured.length;
  for (const { from, to, bytes } of asked) world.network.transmit(from, to, bytes);
  await world.clock.advance(100);
  const again = captured.slice(before + 20);
  assert.is(again.length, 16);
  for (const { bytes } of again) assert.equal(bytes, answers.get(bytes[23]));
  assert.is(right.counter('repeated requests'), 16);
  assert.is(right.counter('messages outside the window'), 4);
  assertMirrored(ends, 21);
  await world.stop();
});

/** Loses, delays or repeats packets, and says whether everything came out right in the end. */
async function survives(disturb: (ends: Ends) => void): Promise<Ends> {
  const ends = await up();
  const { world, right } = ends;
  disturb(ends);
  const results = await world.until(wishFor(ends, 18));
  assert.ok(
    results.every(({ ok }) => ok),
    JSON.stringify(results.find(({ ok }) => !ok)),
  );
  world.network.path.loses = undefined;
  await world.clock.advance(60_000);
  assert.is(right.events.filter((event) => event === 'install').length, 19);
  assertMirrored(ends, 19);
  return ends;
}

for (let lost = 1; lost <= 36; lost += 5)
  test(`window loss: of 36 packets number ${lost} is lost once`, async () => {
    const { world, left } = await survives(({ world }) => {
      let number = 0;
      world.network.path.loses = () => ++number === lost;
    });
    assert.is(left.counter('retransmissions'), 1);
    await world.stop();
  });

for (let late = 3; late <= 36; late += 5)
  test(`window loss: of 36 packets number ${late} comes late`, async () => {
    const { world } = await survives(({ world }) => {
      let number = 0;
      world.network.path.delayMs = () => (++number === late ? 700 : 20);
    });
    await world.stop();
  });

for (const seed of [1, 2, 3])
  test(`window loss: packets lost, overtaken and repeated at random, seed ${seed}`, async () => {
    const { world, left, right } = await survives(({ world: { network } }) => {
      network.path.loses = chance(0.15, seed * 0x9e37_79b9);
      network.path.duplicates = chance(0.3, seed * 77);
      const late = chance(0.3, seed * 13);
      network.path.delayMs = () => (late() ? 500 : 20);
    });
    assert.ok(right.counter('repeated requests') > 0);
    assert.equal([left.counter('forged messages'), right.counter('forged messages')], [0, 0]);
    await world.stop();
  });

test('window loss: no initialization vector is used twice in one direction', async () => {
  const ends = await up();
  await ends.world.until(wishFor(ends, 40));
  const seen = ends.world.network.captured
    .filter(({ bytes }) => bytes[18]! > 34)
    .map(({ bytes, from }) => `${from.address} ${bytes.slice(32, 40).join(' ')}`);
  assert.is(new Set(seen).size, seen.length);
  assert.ok(seen.length > 80);
  await ends.world.stop();
});
