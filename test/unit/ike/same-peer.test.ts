/** Whoever only says that it is a peer gets nothing of what that peer has. */
import { utf8 } from '../../../src/core/bytes/text.js';
import { addressIdentity, fqdnIdentity } from '../../../src/core/ike/identity.js';
import { type IkeEnd, IkeWorld } from '../../support/ike-end.js';
import { assert, test } from '../../support/test.js';

/** `one` and `other` call `right` from the same address, of a NAT; they are told apart by ports. */
async function twoBehindOneAddress() {
  const world = new IkeWorld();
  const one = await world.add('192.0.2.1');
  const other = await world.add('192.0.2.2');
  const right = await world.add('198.51.100.1');
  world.network.path.rewrites = (packet) => {
    if (packet.from.address === other.address)
      return { ...packet, from: { address: one.address, port: 40_000 + packet.from.port } };
    if (packet.to.port > 40_000)
      return { ...packet, to: { address: other.address, port: packet.to.port - 40_000 } };
    return packet;
  };
  return { world, one, other, right };
}

const pair = { ours: '10.1.0.5', theirs: '10.2.0.6' };

async function connects(from: IkeEnd, to: IkeEnd, more: object): Promise<void> {
  const wish = { ...from.wish(to, pair), ...more };
  const result = await from.world.until(from.daemon.connect(wish));
  assert.ok(result.ok, result.ok ? '' : result.failure.why);
}

test('same peer: a caller without a proof does not get the tunnel of a proven one', async () => {
  const { world, one, other, right } = await twoBehindOneAddress();
  right.keysFor = async () => ({ ok: true, keys: [one.publicKey], allowsNull: true });
  await connects(one, right, {});
  const [proven] = right.established;
  const before = proven?.installed;
  const ownIdentity = addressIdentity(one.address);
  // A wish that takes anybody does not say INITIAL_CONTACT.
  const anonymous = { credential: { kind: 'null' }, ownIdentity, allowsNull: true };
  await connects(other, right, anonymous);
  assert.is(proven?.installed, before);
  assert.equal(
    right.established.map(({ peer }) => peer.proof),
    ['key', 'null'],
  );
  await world.stop();
});

const secret = utf8('known to all of the group');

for (const [what, identity, ended] of [
  ['for whoever knows it ends no IKE SA at another address', undefined, 0],
  ['of this identity alone ends its IKE SAs wherever they are', fqdnIdentity('one.example'), 1],
] as const)
  test(`same peer: INITIAL_CONTACT under a secret ${what}`, async () => {
    const world = new IkeWorld();
    const one = await world.add('192.0.2.1');
    const other = await world.add('192.0.2.2');
    const right = await world.add('198.51.100.1');
    right.keysFor = async () => ({
      ok: true,
      secrets: [{ secret, ...(identity ? { identity } : {}) }],
    });
    const credential = { kind: 'secret', secret };
    const ownIdentity = fqdnIdentity('one.example');
    const keys = [right.publicKey];
    await connects(one, right, { credential, ownIdentity, keys });
    await world.clock.advance(1000);
    await connects(other, right, { credential, ownIdentity, keys });
    await world.clock.advance(100);
    assert.is(right.ended.length, ended);
    await world.stop();
  });
