import type { PeerClaim } from '../../../src/core/ike/daemon.js';
import { address } from '../../../src/core/net/address.js';
import { twoEnds } from '../../support/ike-end.js';
import { assert, test } from '../../support/test.js';

const IKE_SA_INIT = 34;

test('forged address: a caller is where it has heard us, not where IKE_AUTH claims to be from', async () => {
  const { world, left, right } = await twoEnds();
  const victim = address('203.0.113.9');
  const claims: string[] = [];
  right.keysFor = async (claim: Pick<PeerClaim, 'address'>) => {
    claims.push(claim.address);
    return { ok: true, keys: [left.publicKey] };
  };
  world.network.path.rewrites = (packet) =>
    packet.bytes[18] !== IKE_SA_INIT && packet.from.address === left.address
      ? { ...packet, from: { ...packet.from, address: victim } }
      : packet;
  const wish = left.wish(right, { ours: victim, patienceMs: 3000 });
  await world.until(left.daemon.connect(wish));
  assert.equal(claims, [left.address]);
  assert.equal(
    right.installed.filter(({ sa }) => sa.remote === victim),
    [],
  );
  await world.stop();
});
