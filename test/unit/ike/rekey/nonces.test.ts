/** Both ends rekey at once: the SA with the lowest nonce goes, by the end that has made it (§2.8.1). */

import { isLower } from '../../../../src/core/ike/collisions.js';
import type { IkeSa } from '../../../../src/core/ike/ike-sa.js';
import { find } from '../../../../src/core/ike/payloads/payload.js';
import { Exchange } from '../../../../src/core/ike/registries/exchanges.js';
import { openCaptured } from '../../../support/ike-peer.js';
import { countingRandom } from '../../../support/list-random.js';
import { assert, test } from '../../../support/test.js';
import { type Ends, standing, up } from './two-ends.js';

/** Within this IKE SA, by the SPI that begins the message. */
const isOf = ({ spiInitiator }: IkeSa, bytes: Uint8Array): boolean =>
  spiInitiator.every((byte, i) => byte === bytes[i]);

/** The lower nonce of the exchange that `by` has begun, as it was on the wire. */
function lowest({ world, left, right }: Ends, from: number, by: 'left' | 'right'): Uint8Array {
  const sa = standing(left)[0]!.replaces ?? standing(left)[0]!;
  const starter = { left, right }[by].address;
  const nonces = world.network.captured.slice(from).flatMap((packet) => {
    if (packet.bytes[18] !== Exchange.CREATE_CHILD_SA || !isOf(sa, packet.bytes)) return [];
    const isResponse = (packet.bytes[19]! & 0x20) !== 0;
    if ((packet.from.address === starter) === isResponse) return [];
    return [find(openCaptured(sa, packet), 'Nonce')!.data];
  });
  return isLower(nonces[0]!, nonces[1]!) ? nonces[0]! : nonces[1]!;
}

test('both ends rekey a Child SA at once: that with the lowest nonce goes, whosever it is', async () => {
  const stayed = new Set<string>();
  for (let seed = 1; seed <= 12; seed++) {
    const ends = await up({ random: countingRandom(seed) }, { random: countingRandom(99) });
    const { world, left, right, ours, theirs } = ends;
    const from = world.network.captured.length;
    const both = [left.daemon.rekey(ours), right.daemon.rekey(theirs)];
    await world.until(Promise.all(both));
    await world.clock.advance(1000);
    const isLeftLower = isLower(lowest(ends, from, 'left'), lowest(ends, from, 'right'));
    const [child] = standing(left)[0]!.children;
    assert.is(child?.role, isLeftLower ? 'responder' : 'initiator', `seed ${seed}`);
    stayed.add(child!.role);
    await world.stop();
  }
  assert.is(stayed.size, 2, 'each end has won');
});

test('both ends rekey the IKE SA at once: that with the lowest nonce goes, whosever it is', async () => {
  const stayed = new Set<string>();
  for (let seed = 1; seed <= 12; seed++) {
    const ends = await up({ random: countingRandom(seed) }, { random: countingRandom(99) });
    const { world, left, right, ours, theirs } = ends;
    const [old] = standing(left);
    const { keys } = old!;
    const from = world.network.captured.length;
    const both = [left.daemon.rekeyIke(ours), right.daemon.rekeyIke(theirs)];
    await world.until(Promise.all(both));
    await world.clock.advance(1000);
    const [heir] = standing(left);
    old!.keys = keys;
    heir!.replaces = old;
    const isLeftLower = isLower(lowest(ends, from, 'left'), lowest(ends, from, 'right'));
    assert.is(heir?.role, isLeftLower ? 'responder' : 'initiator', `seed ${seed}`);
    stayed.add(heir!.role);
    await world.stop();
  }
  assert.is(stayed.size, 2, 'each end has won');
});
