import type { Extension } from '../../../src/core/ike/extension.js';
import { findAll, notifyPayload } from '../../../src/core/ike/payloads/payload.js';
import { twoEnds } from '../../support/ike-end.js';
import { openCaptured, sasOf } from '../../support/ike-peer.js';
import { assert, test } from '../../support/test.js';

/** RFC 7296 §3.10.1; its data: a CPI and the transform, here 2 for DEFLATE. */
const IPCOMP_SUPPORTED = 16387;

/** A peer that would like to compress. */
const compressing: Extension = {
  name: 'test: IPComp',
  outgoing: (message) =>
    message === 'IKE_AUTH request'
      ? [notifyPayload(IPCOMP_SUPPORTED, Uint8Array.of(0x12, 0x34, 2))]
      : [],
};

for (const offers of [false, true]) {
  const who = offers ? 'offers compression' : 'knows no compression';
  test(`OE-102 a peer that ${who} gets its tunnel, and we ask for none`, async () => {
    const { world, left, right } = await twoEnds({ extensions: offers ? [compressing] : [] });
    const result = await world.until(left.daemon.connect(left.wish(right)));
    assert.ok(result.ok);
    const [sa] = sasOf(left);
    const notifies = (from: string) =>
      world.network.captured
        .filter((packet) => packet.from.address === from)
        .flatMap((packet) => findAll(openCaptured(sa!, packet), 'N').map(({ type }) => type));
    assert.is(notifies(left.address).includes(IPCOMP_SUPPORTED), offers);
    assert.not.ok(notifies(right.address).includes(IPCOMP_SUPPORTED));
    assert.is(right.installed.length, 1);
    await world.stop();
  });
}
