/** A rekey that meets something else (RFC 7296 §2.25), or that the peer does not grant. */

import { spiBytes } from '../../../../src/core/ike/child.js';
import { isLower, lowerNonce } from '../../../../src/core/ike/collisions.js';
import { dhGroupById } from '../../../../src/core/ike/crypto/dh-groups.js';
import type { Preferences } from '../../../../src/core/ike/proposals/offer.js';
import { Exchange } from '../../../../src/core/ike/registries/exchanges.js';
import type { IkeEnd } from '../../../support/ike-end.js';
import { sasOf, speakFor } from '../../../support/ike-peer.js';
import { assert, test } from '../../../support/test.js';
import {
  another,
  assertMirrored,
  assertOneIkeSa,
  failed,
  onWire,
  spiOf,
  standing,
  stateOf,
  story,
  up,
} from './two-ends.js';

const childOf = (end: IkeEnd) => [...standing(end)[0]!.children][0]!;

/** What a daemon wants changes while it runs. */
function prefer(end: IkeEnd, more: Partial<Preferences>): void {
  const { context } = end.daemon as unknown as { context: { preferences: Preferences } };
  context.preferences = { ...context.preferences, ...more };
}

test('nonces are compared octet by octet, and the beginning of another one is lower', () => {
  const [a, b, c] = [
    [1, 2],
    [1, 3],
    [1, 2, 0],
  ].map((bytes) => Uint8Array.from(bytes));
  assert.ok(isLower(a!, b!) && isLower(a!, c!) && isLower(c!, b!));
  assert.not.ok(isLower(b!, a!) || isLower(c!, a!) || isLower(a!, a!));
  assert.is(lowerNonce(b!, c!), c);
});

for (const lost of [0, 1, 2, 3, 4, 5])
  test(`rekey of a Child SA here and its delete there, ${lost ? `packet ${lost} lost` : 'nothing lost'}: it is gone at both ends`, async () => {
    const ends = await up();
    const { world, left, right, ours, theirs } = ends;
    let n = 0;
    onWire(ends, () => ({ loses: ++n === lost }));
    const rekey = left.daemon.rekey(ours);
    const closed = right.daemon.close(theirs);
    await world.until(Promise.all([rekey, closed]), 240_000);
    await world.clock.advance(120_000);
    assert.equal([left.installed, right.installed], [[], []]);
    assert.equal([left.ended.length, right.ended.length], [1, 1]);
    await world.stop();
  });

for (const lost of [0, 1, 2, 3, 4])
  test(`rekey of the IKE SA here and its delete there, ${lost ? `packet ${lost} lost` : 'nothing lost'}: all is gone at both ends`, async () => {
    const ends = await up();
    const { world, left, right, ours } = ends;
    let n = 0;
    onWire(ends, () => ({ loses: ++n === lost }));
    const rekey = left.daemon.rekeyIke(ours);
    const stopped = right.daemon.stop(4000);
    await world.until(Promise.all([rekey, stopped]), 240_000);
    await world.clock.advance(240_000);
    assert.equal([left.installed, right.installed], [[], []]);
    assert.is(left.ended.length, 1);
    assert.equal(standing(left), []);
    await world.stop();
  });

test('a tunnel that is wanted while the peer rekeys the IKE SA is put off, and made in the new one', async () => {
  const ends = await up();
  const { world, left, right } = ends;
  const [old] = standing(left);
  const { keys } = old!;
  // The request of the right end crosses the rekey.
  const from = world.network.captured.length;
  const rekey = left.daemon.rekeyIke(ends.ours);
  const wish = right.wish(left, { ours: '198.18.2.9', theirs: '198.18.1.9' });
  const made = await world.until(right.daemon.connect(wish));
  assert.is(failed(await world.until(rekey)), '');
  await world.clock.advance(5000);
  assert.is(made.ok ? '' : made.failure.why, '');
  old!.keys = keys;
  assert.ok(story(ends, from).includes('left 36! TEMPORARY_FAILURE'));
  old!.keys = undefined;
  assertMirrored(ends, 2);
  assertOneIkeSa(ends, 2);
  await world.stop();
});

test('TEMPORARY_FAILURE again and again: a rekey of the IKE SA ends some time, and the tunnels stay', async () => {
  const ends = await up();
  const { world, left, right } = ends;
  right.install = () => new Promise(() => undefined);
  const wish = left.wish(right, { ours: '198.18.1.9', theirs: '198.18.2.9', patienceMs: 300_000 });
  const never = right.daemon.connect({
    ...wish,
    ...right.wish(left, { ours: '198.18.2.9', theirs: '198.18.1.9' }),
  });
  await world.clock.advance(1000);
  const result = await world.until(left.daemon.rekeyIke(ends.ours), 300_000);
  assert.match(failed(result), 'TEMPORARY_FAILURE');
  assert.equal(stateOf(left), ['ESTABLISHED']);
  assert.ok(left.installed.includes(ends.ours.installed));
  void never;
  await world.stop();
});

test('CHILD_SA_NOT_FOUND: the tunnel is taken out without a word', async () => {
  const ends = await up();
  const { world, left, right } = ends;
  standing(right)[0]!.children.clear();
  const from = world.network.captured.length;
  assert.match(failed(await world.until(left.daemon.rekey(ends.ours))), 'does not know the tunnel');
  await world.clock.advance(1000);
  assert.equal(story(ends, from), ['left 36? REKEY_SA', 'right 36! CHILD_SA_NOT_FOUND']);
  assert.equal(left.installed, []);
  assert.is(left.ended.length, 1);
  await world.stop();
});

for (const [state, notify] of [
  ['INSTALLING', 'TEMPORARY_FAILURE'],
  ['REPLACED', 'TEMPORARY_FAILURE'],
  ['DELETING', 'TEMPORARY_FAILURE'],
] as const)
  test(`rekey of a Child SA that is ${state} at the peer: ${notify}, and again until it is not`, async () => {
    const ends = await up();
    const { world, left, right } = ends;
    const child = childOf(right);
    child.state = state;
    const from = world.network.captured.length;
    const rekey = left.daemon.rekey(ends.ours);
    await world.clock.advance(500);
    assert.equal(story(ends, from), ['left 36? REKEY_SA', `right 36! ${notify}`]);
    child.state = 'UP';
    assert.is(failed(await world.until(rekey)), '');
    await world.clock.advance(500);
    assertMirrored(ends);
    await world.stop();
  });

test('a peer that wants another group has it, for a Child SA and for the IKE SA', async () => {
  const ends = await up();
  const { world, left, right } = ends;
  prefer(right, { groups: [dhGroupById(19)!] });
  assert.is(failed(await world.until(left.daemon.rekey(ends.ours))), '');
  await world.clock.advance(500);
  assert.is(failed(await world.until(left.daemon.rekeyIke(ends.ours))), '');
  await world.clock.advance(500);
  assertMirrored(ends);
  assertOneIkeSa(ends);
  assert.match(ends.ours.ike.suite, dhGroupById(19)!.name);
  await world.stop();
});

test('a peer without a key exchange for Child SAs gets one without', async () => {
  const ends = await up();
  const { world, left, right } = ends;
  prefer(right, { groups: [] });
  const from = world.network.captured.length;
  assert.is(failed(await world.until(left.daemon.rekey(ends.ours))), '');
  await world.clock.advance(500);
  assert.equal(story(ends, from).slice(0, 3), [
    'left 36? REKEY_SA',
    'right 36! NO_PROPOSAL_CHOSEN',
    'left 36? REKEY_SA',
  ]);
  assertMirrored(ends);
  await world.stop();
});

test('OE-50 a peer that is mute at the renewal: the tunnel stays while packets come, until its hard limit', async () => {
  let packets = 0;
  const packetCounts = async () => ({ packetsIn: ++packets, packetsOut: 0 });
  const ends = await up({ limits: { livenessMs: 60_000 }, packetCounts });
  const { world, left } = ends;
  world.network.path.loses = () => true;
  const rekey = left.daemon.rekey(ends.ours);
  await world.clock.advance(360_000);
  assert.equal(left.installed, [ends.ours.installed]);
  left.daemon.expired(ends.ours.installed);
  await world.clock.advance(60_000);
  assert.equal([left.installed, left.ended.length], [[], 1]);
  assert.not.equal(failed(await world.until(rekey, 300_000)), '');
  await world.stop();
});

test('a peer that is silent in every way at the renewal is dead', async () => {
  const ends = await up({
    limits: { livenessMs: 60_000 },
    packetCounts: async () => ({ packetsIn: 0, packetsOut: 0 }),
  });
  const { world, left } = ends;
  await world.clock.advance(50_000);
  world.network.path.loses = () => true;
  void left.daemon.rekey(ends.ours);
  await world.clock.advance(200_000);
  assert.equal(
    left.ended.map(({ why }) => why),
    ['peer is dead'],
  );
  await world.stop();
});

test('the old keys run out before the peer has deleted them: the new ones are sent with', async () => {
  const ends = await up();
  const { world, left, right } = ends;
  const old = ends.theirs.installed;
  onWire(ends, ({ exchange }) => ({ loses: exchange === Exchange.INFORMATIONAL }));
  await world.until(left.daemon.rekey(ends.ours));
  await world.clock.advance(100);
  assert.is(right.staged.size, 1);
  right.daemon.expired(old);
  world.network.path.loses = undefined;
  await world.clock.advance(60_000);
  assertMirrored(ends);
  await world.stop();
});

test('a peer that never deletes the old one: the new one is sent with when the peer has used it', async () => {
  let used = 0;
  const ends = await up({}, { packetCounts: async () => ({ packetsIn: used, packetsOut: 0 }) });
  const { world, left, right } = ends;
  onWire(ends, ({ exchange, from }) => ({
    loses: exchange === Exchange.INFORMATIONAL && from === left.address,
  }));
  await world.until(left.daemon.rekey(ends.ours));
  await world.clock.advance(3000);
  assert.is(right.staged.size, 1);
  used = 1;
  await world.clock.advance(5000);
  assert.is(right.staged.size, 0);
  await world.stop();
});

test('the kernel can not send with the new one at first: it is tried again', async () => {
  const ends = await up();
  const { world, left, right } = ends;
  let refusals = 2;
  right.activate = async () => {
    if (refusals-- > 0) throw new Error('no memory');
  };
  await world.until(left.daemon.rekey(ends.ours));
  await world.clock.advance(2900);
  assert.is(right.staged.size, 1);
  await world.clock.advance(1000);
  assert.is(right.staged.size, 0);
  await world.stop();
  await world.clock.advance(1000);
  assert.is(world.clock.pendingTimers, 0);
});

test('a peer that takes its new Child SA back leaves the old one in place', async () => {
  const ends = await up();
  const { world, left, right } = ends;
  const old = ends.theirs.installed;
  left.install = () => Promise.reject(new Error('no memory'));
  assert.match(failed(await world.until(left.daemon.rekey(ends.ours))), 'could not be installed');
  left.install = async () => undefined;
  await world.clock.advance(1000);
  assert.is(ends.theirs.installed, old);
  assert.equal([left.installed.length, right.installed.length], [1, 1]);
  assert.equal([left.ended, right.ended], [[], []]);
  assert.is(failed(await world.until(left.daemon.rekey(ends.ours))), '');
  await world.stop();
});

test('the IKE SA is rekeyed at its soft limit, once, by the end that has made it', async () => {
  const lifetime = { ikeLifetime: { softSeconds: 1000, hardSeconds: 2000 } };
  const ends = await up(lifetime, lifetime);
  const { world, left, right } = ends;
  const [old] = standing(left);
  await world.clock.advance(890_000);
  assert.is(standing(left)[0], old);
  await world.clock.advance(115_000);
  assert.equal(
    [left, right].map((end) => end.counter('IKE rekeys as initiator')),
    [1, 0],
  );
  assertMirrored(ends);
  assertOneIkeSa(ends);
  await world.clock.advance(3_000_000);
  assert.is(left.counter('IKE rekeys as initiator') >= 3, true);
  assertMirrored(ends);
  await world.stop();
});

test('an IKE SA that can not be rekeyed ends at its hard limit, with a word to the peer', async () => {
  const lifetime = { ikeLifetime: { softSeconds: 1000, hardSeconds: 2000 } };
  const ends = await up(lifetime);
  const { world, left, right } = ends;
  prefer(right, { ikeCiphers: [] });
  await world.clock.advance(1_990_000);
  assert.equal([left.ended.length, left.installed.length], [0, 1]);
  await world.clock.advance(15_000);
  assert.equal([left.ended.length, right.ended.length], [1, 1]);
  assert.equal([left.installed, right.installed], [[], []]);
  await world.stop();
});

test('a delete of the peer in the old IKE SA still finds a tunnel that has gone over', async () => {
  const ends = await up();
  const { world, left, right } = ends;
  const other = await another(ends);
  const [old] = standing(left);
  onWire(ends, ({ exchange }) => ({ loses: exchange === Exchange.INFORMATIONAL }));
  await world.until(left.daemon.rekeyIke(ends.ours));
  world.network.path.loses = undefined;
  assert.equal(stateOf(left).includes('DELETING') || stateOf(left).includes('REKEYED'), true);
  const [oldThere] = sasOf(right).filter(({ state }) => state === 'REKEYED');
  const keys = oldThere!;
  const spis = [spiBytes(other.installed.sa.outbound.spi)];
  speakFor(right, keys, {
    exchange: Exchange.INFORMATIONAL,
    messageId: 0,
    payloads: [{ kind: 'D', protocol: 3, spis }],
  });
  await world.clock.advance(500);
  assert.not.ok(left.installed.some(({ sa }) => sa.inbound.spi === spiOf(other)));
  void old;
  await world.stop();
});
