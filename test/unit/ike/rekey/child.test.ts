import { assert, test } from '../../../support/test.js';
import { another, assertMirrored, story, up } from './two-ends.js';

for (const by of ['left', 'right'] as const)
  test(`rekey of a Child SA by the ${by} end: new keys, then the old ones go`, async () => {
    const ends = await up();
    const { world } = ends;
    const before = ends.ours.installed;
    const from = world.network.captured.length;
    const tunnel = by === 'left' ? ends.ours : ends.theirs;
    assert.equal(await world.until(ends[by].daemon.rekey(tunnel)), { ok: true });
    await world.clock.advance(200);
    assertMirrored(ends);
    assert.is.not(ends.ours.installed.sa.inbound.spi, before.sa.inbound.spi);
    assert.is.not(ends.ours.installed.sa.outbound.spi, before.sa.outbound.spi);
    const other = by === 'left' ? 'right' : 'left';
    assert.equal(story(ends, from), [
      `${by} 36? REKEY_SA`,
      `${other} 36!`,
      `${by} 37? D3x1`,
      `${other} 37! D3x1`,
    ]);
    await world.stop();
    await world.clock.advance(1000);
    assert.is(world.clock.pendingTimers, 0);
  });

test('rekey of a Child SA: the responder receives with the new one before it answers, and sends with it when the old one is deleted', async () => {
  const ends = await up();
  const { world, left, right } = ends;
  left.events.length = 0;
  right.events.length = 0;
  await world.until(left.daemon.rekey(ends.ours));
  assert.is(right.staged.size, 1);
  await world.clock.advance(200);
  assert.equal(left.events, ['install', 'installed', 'rekeyed', 'removed, replaced']);
  assert.equal(right.events, ['install', 'installed', 'rekeyed', 'activated', 'removed, replaced']);
  await world.stop();
});

test('rekey of a Child SA: another tunnel of the same IKE SA is left alone', async () => {
  const ends = await up();
  const other = await another(ends);
  const before = other.installed;
  await ends.world.until(ends.left.daemon.rekey(ends.ours));
  await ends.world.clock.advance(200);
  assert.is(other.installed, before);
  assertMirrored(ends, 2);
  await ends.world.stop();
});
