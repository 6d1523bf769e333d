import { readMessage } from '../../../../src/core/ike/message.js';
import { sasOf } from '../../../support/ike-peer.js';
import { assert, test } from '../../../support/test.js';
import {
  another,
  assertMirrored,
  assertOneIkeSa,
  failed,
  spiOf,
  standing,
  story,
  up,
} from './two-ends.js';

for (const by of ['left', 'right'] as const)
  test(`rekey of the IKE SA by the ${by} end: the tunnels go over, the old one is deleted`, async () => {
    const ends = await up();
    const { world } = ends;
    await another(ends);
    const [old] = standing(ends.left);
    const before = spiOf(ends.ours);
    const from = world.network.captured.length;
    const tunnel = by === 'left' ? ends.ours : ends.theirs;
    assert.equal(await world.until(ends[by].daemon.rekeyIke(tunnel)), { ok: true });
    await world.clock.advance(500);
    assertMirrored(ends, 2);
    assertOneIkeSa(ends, 2);
    const [fresh] = standing(ends.left);
    assert.is.not(String(fresh!.spiInitiator), String(old!.spiInitiator));
    assert.is(spiOf(ends.ours), before, 'the keys of the tunnel stay');
    assert.is(fresh!.role, by === 'left' ? 'initiator' : 'responder');
    const other = by === 'left' ? 'right' : 'left';
    const seen = story(ends, from);
    assert.equal(seen.slice(0, 2), [`${by} 36?`, `${other} 36!`]);
    assert.ok(seen.includes(`${by} 37? SET_WINDOW_SIZE`), 'a window to begin with');
    assert.ok(seen.includes(`${other} 37? SET_WINDOW_SIZE`), 'at both ends');
    const first = world.network.captured.slice(from).map(({ bytes }) => readMessage(bytes));
    const ids = first.flatMap((read) =>
      read.ok && String(read.value.head.spiInitiator) === String(fresh!.spiInitiator)
        ? [read.value.head.messageId]
        : [],
    );
    assert.equal(new Set(ids), new Set([0]), 'message IDs begin anew');
    await world.clock.advance(40_000);
    assert.equal([sasOf(ends.left).length, sasOf(ends.right).length], [1, 1]);
    await world.stop();
    await world.clock.advance(1000);
    assert.is(world.clock.pendingTimers, 0);
  });

test('rekey of the IKE SA: tunnels are made, rekeyed and closed in the new one', async () => {
  const ends = await up();
  const { world, left, right } = ends;
  await world.until(left.daemon.rekeyIke(ends.ours));
  await world.clock.advance(500);
  const other = await another(ends);
  assert.equal(other.ike, ends.ours.ike);
  await world.until(right.daemon.rekey(ends.theirs));
  await world.clock.advance(200);
  assertMirrored(ends, 2);
  await world.until(right.daemon.rekeyIke(ends.theirs));
  await world.clock.advance(500);
  assertMirrored(ends, 2);
  assertOneIkeSa(ends, 2);
  await world.until(left.daemon.close(other));
  await world.clock.advance(200);
  assert.equal([left.installed.length, right.installed.length], [1, 1]);
  await world.stop();
});

test('rekey of the IKE SA: wishes in line go over to the new one', async () => {
  const ends = await up();
  const { world, left } = ends;
  const rekey = left.daemon.rekeyIke(ends.ours);
  const made = [11, 12, 13].map((last) => another(ends, last));
  assert.equal(await world.until(rekey), { ok: true });
  const tunnels = await Promise.all(made);
  await world.clock.advance(500);
  assertMirrored(ends, 4);
  assertOneIkeSa(ends, 4);
  for (const { ike } of tunnels) assert.equal(ike, ends.ours.ike);
  await world.stop();
});

test('rekey of the IKE SA: behind tunnels that are being made', async () => {
  const ends = await up();
  const { world, left } = ends;
  const made = [11, 12, 13].map((last) => another(ends, last));
  const rekey = left.daemon.rekeyIke(ends.ours);
  assert.equal(await world.until(rekey), { ok: true });
  await Promise.all(made);
  await world.clock.advance(500);
  assertMirrored(ends, 4);
  assertOneIkeSa(ends, 4);
  await world.stop();
});

test('a rekeyed IKE SA knows what the old one knew', async () => {
  const ends = await up();
  const { world, left, right, ours } = ends;
  await world.clock.advance(5000);
  for (const end of [left, right]) {
    const [old] = standing(end);
    old!.facts.set('hello', 'world');
    old!.isAlone = true;
  }
  const [before, there] = [left, right].map((end) => standing(end)[0]!);
  assert.is(failed(await world.until(left.daemon.rekeyIke(ours))), '');
  await world.clock.advance(1000);
  for (const [end, old] of [
    [left, before!],
    [right, there!],
  ] as const) {
    const [heir] = standing(end);
    assert.is.not(heir, old);
    assert.equal([...heir!.facts], [['hello', 'world']]);
    assert.equal(
      [heir!.isAlone, heir!.ownIdentity, heir!.peer, heir!.establishedMs],
      [true, old.ownIdentity, old.peer, old.establishedMs],
    );
  }
  await world.stop();
});
