import { dhGroups } from '../../../src/core/ike/crypto/dh-groups.js';
import { readMessage, writeMessage } from '../../../src/core/ike/message.js';
import { find, notifyPayload } from '../../../src/core/ike/payloads/payload.js';
import { NotifyType } from '../../../src/core/ike/registries/notifies.js';
import { twoEnds } from '../../support/ike-end.js';
import { assert, test } from '../../support/test.js';

const [x25519, p256, modp] = dhGroups as [
  (typeof dhGroups)[0],
  (typeof dhGroups)[0],
  (typeof dhGroups)[0],
];

for (const wanted of [p256, modp])
  test(`group: the responder knows only ${wanted.name}; one round trip more`, async () => {
    const { world, left, right } = await twoEnds({}, { preferences: { groups: [wanted] } });
    const result = await world.until(left.daemon.connect(left.wish(right)));
    assert.ok(result.ok);
    assert.ok(result.ok && result.tunnel.ike.suite.endsWith(wanted.name));
    const groups = world.network.captured.map(({ bytes }) => {
      const read = readMessage(bytes);
      return read.ok ? find(read.value.payloads, 'KE')?.group : undefined;
    });
    assert.equal(groups.slice(0, 4), [x25519.id, undefined, wanted.id, wanted.id]);
    assert.is(right.counter('wrong key exchange group'), 1);
    await world.stop();
  });

test('group: one that is known here and was not offered is not taken, whoever asks for it', async () => {
  const { world, left, right } = await twoEnds(
    { preferences: { groups: [x25519] } },
    { preferences: { groups: [modp] } },
  );
  world.network.path.rewrites = (packet) => {
    const read = readMessage(packet.bytes);
    if (!read.ok || packet.from.address !== right.address) return packet;
    // The peer, or whoever is on the way, refuses what was offered by a group of its own.
    const wanted = notifyPayload(NotifyType.INVALID_KE_PAYLOAD, Uint8Array.of(0, modp.id));
    return { ...packet, bytes: writeMessage(read.value.head, [wanted]) };
  };
  const result = await world.until(left.daemon.connect(left.wish(right, { patienceMs: 3000 })));
  assert.match(result.ok ? '' : result.failure.why, /without a group that we offered/);
  for (const { bytes, from } of world.network.captured) {
    const read = readMessage(bytes);
    if (from.address === left.address && read.ok)
      assert.is(find(read.value.payloads, 'KE')?.group, x25519.id);
  }
  await world.stop();
});

test('group: cookie and another group, both demanded', async () => {
  const { world, left, right } = await twoEnds(
    {},
    { preferences: { groups: [p256] }, limits: { cookieThreshold: 0 } },
  );
  assert.ok((await world.until(left.daemon.connect(left.wish(right)))).ok);
  await world.stop();
});

test('group: a further tunnel takes the group that the IKE SA has, with a key exchange of its own', async () => {
  const { world, left, right } = await twoEnds({}, { preferences: { groups: [p256] } });
  await world.until(left.daemon.connect(left.wish(right)));
  const before = world.network.captured.length;
  const second = await world.until(left.daemon.connect(left.wish(right, { theirs: '10.2.0.6' })));
  assert.ok(second.ok);
  assert.is(world.network.captured.length, before + 2);
  await world.stop();
});

test('group: the responder of a further tunnel may want another one by then', async () => {
  const groups = [x25519, p256];
  const { world, left, right } = await twoEnds({}, { preferences: { groups } });
  await world.until(left.daemon.connect(left.wish(right)));
  groups.shift();
  assert.ok((await world.until(left.daemon.connect(left.wish(right, { theirs: '10.2.0.6' })))).ok);
  assert.equal(left.installed[1]?.sa.inbound, right.installed[1]?.sa.outbound);
  await world.stop();
});
