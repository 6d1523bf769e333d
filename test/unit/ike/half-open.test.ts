import type { IkeContext } from '../../../src/core/ike/context.js';
import { address } from '../../../src/core/net/address.js';
import { twoEnds } from '../../support/ike-end.js';
import { assert, test } from '../../support/test.js';

const IKE_SA_INIT = 34;

test('half-open: a caller that moves is taken off where it was counted', async () => {
  const { world, left, right } = await twoEnds({}, { limits: { cookieThresholdPerPrefix: 1 } });
  // of one NAT
  const before = address('203.0.113.8');
  const moved = address('198.18.0.9');
  right.keysFor = async () => ({ ok: true, keys: [left.publicKey] });
  world.network.path.rewrites = (packet) => {
    const outside = packet.bytes[18] === IKE_SA_INIT ? before : moved;
    if (packet.from.address === left.address)
      return { ...packet, from: { ...packet.from, address: outside } };
    if (packet.to.address === outside)
      return { ...packet, to: { ...packet.to, address: left.address } };
    return packet;
  };
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.ok(result.ok, JSON.stringify(result));
  const { halfOpen } = (right.daemon as unknown as { context: IkeContext }).context;
  assert.is(halfOpen.count, 0);
  assert.not.ok(halfOpen.demandsCookie(before));
  await world.stop();
});
