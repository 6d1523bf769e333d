/** What is left of an IKE SA that was rekeyed: it goes, whoever was to delete it. */
import { Exchange } from '../../../../src/core/ike/registries/exchanges.js';
import { sasOf } from '../../../support/ike-peer.js';
import { countingRandom } from '../../../support/list-random.js';
import { assert, test } from '../../../support/test.js';
import {
  assertMirrored,
  assertOneIkeSa,
  type Ends,
  failed,
  standing,
  story,
  up,
} from './two-ends.js';

const isWithin = (spi: Uint8Array, bytes: Uint8Array): boolean =>
  String(bytes.subarray(0, 8)) === String(spi);

/** No delete of the old IKE SA arrives. */
function loseItsDeletes({ world }: Ends, spi: Uint8Array): void {
  world.network.path.loses = ({ bytes }) =>
    isWithin(spi, bytes) && bytes[18] === Exchange.INFORMATIONAL;
}

async function assertNothingLeft(ends: Ends): Promise<void> {
  await ends.world.clock.advance(300_000);
  for (const end of [ends.left, ends.right])
    assert.equal(
      sasOf(end).map(({ state }) => state),
      ['ESTABLISHED'],
    );
  assertMirrored(ends);
  assertOneIkeSa(ends);
}

test('rekey of the IKE SA, its delete is lost: nothing of the old one is left at either end', async () => {
  const ends = await up();
  loseItsDeletes(ends, standing(ends.left)[0]!.spiInitiator);
  assert.is(failed(await ends.world.until(ends.left.daemon.rekeyIke(ends.ours))), '');
  await assertNothingLeft(ends);
  await ends.world.stop();
});

for (const seed of [3, 4, 5, 6])
  test(`rekey of the IKE SA at both ends, its delete is lost, seed ${seed}: nothing of the old one is left`, async () => {
    const ends = await up({ random: countingRandom(seed) }, { random: countingRandom(99) });
    const { world, left, right, ours, theirs } = ends;
    loseItsDeletes(ends, standing(left)[0]!.spiInitiator);
    await world.until(Promise.all([left.daemon.rekeyIke(ours), right.daemon.rekeyIke(theirs)]));
    await assertNothingLeft(ends);
    await world.stop();
  });

test('rekey of the IKE SA at both ends, one request late, its delete lost: nothing of the old one is left', async () => {
  const ends = await up();
  const { world, left, right, ours, theirs } = ends;
  const [old] = standing(left);
  loseItsDeletes(ends, old!.spiInitiator);
  const { loses } = world.network.path;
  // The request of the left end arrives when the right one's rekey is through: TEMPORARY_FAILURE.
  let isFirst = true;
  world.network.path.loses = (packet) => {
    const isRequest = packet.bytes[18] === Exchange.CREATE_CHILD_SA && !(packet.bytes[19]! & 0x20);
    if (isRequest && packet.from.address === left.address && isFirst) {
      isFirst = false;
      return true;
    }
    return loses!(packet);
  };
  const from = world.network.captured.length;
  const { keys } = old!;
  await world.until(Promise.all([left.daemon.rekeyIke(ours), right.daemon.rekeyIke(theirs)]));
  old!.keys = keys;
  assert.ok(story(ends, from).includes('right 36! TEMPORARY_FAILURE'));
  await assertNothingLeft(ends);
  await world.stop();
});

test('rekey of the IKE SA of a peer when we have no room: it may ask again', async () => {
  const ends = await up({}, { limits: { maxSas: 1 } });
  const from = ends.world.network.captured.length;
  const rekeyed = ends.left.daemon.rekeyIke(ends.ours);
  await ends.world.clock.advance(500);
  assert.is(story(ends, from)[1], 'right 36! TEMPORARY_FAILURE');
  void rekeyed;
  await ends.world.stop();
});
