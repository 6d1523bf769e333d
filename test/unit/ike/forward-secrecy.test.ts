import { find, type Payload } from '../../../src/core/ike/payloads/payload.js';
import { Exchange } from '../../../src/core/ike/registries/exchanges.js';
import { twoEnds } from '../../support/ike-end.js';
import { openCaptured, sasOf } from '../../support/ike-peer.js';
import { rewritePayloads } from '../../support/ike-rewrite.js';
import { assert, test } from '../../support/test.js';

test('OE-98 a further tunnel has a key exchange of its own, fresh at both ends', async () => {
  const { world, left, right } = await twoEnds();
  await world.until(left.daemon.connect(left.wish(right)));
  const [sa] = sasOf(left);
  const seen = new Set<string>();
  const publics = (packets: readonly (readonly Payload[])[]) =>
    packets.map((payloads) => find(payloads, 'KE')!.data.join());
  for (const theirs of ['10.2.0.6', '10.2.0.7']) {
    const before = world.network.captured.length;
    await world.until(left.daemon.connect(left.wish(right, { theirs })));
    const messages = world.network.captured.slice(before);
    assert.equal(
      messages.map(({ bytes }) => bytes[18]),
      [Exchange.CREATE_CHILD_SA, Exchange.CREATE_CHILD_SA],
    );
    for (const value of publics(messages.map((each) => openCaptured(sa!, each)))) seen.add(value);
  }
  for (const { bytes } of world.network.captured.slice(0, 2)) {
    const [init] = publics([openCaptured(sa!, { bytes } as never)]);
    seen.add(init!);
  }
  assert.is(seen.size, 6, 'public values of three exchanges, none of them twice');
  await world.stop();
});

test('OE-98 a further tunnel whose answer lacks the key exchange is not taken', async () => {
  const { world, left, right } = await twoEnds();
  await world.until(left.daemon.connect(left.wish(right)));
  rewritePayloads(right, Exchange.CREATE_CHILD_SA, (payload) =>
    payload.kind === 'KE' ? [] : [payload],
  );
  const wish = left.wish(right, { theirs: '10.2.0.6' });
  const result = await world.until(left.daemon.connect(wish));
  assert.ok(!result.ok);
  assert.is(left.installed.length, 1);
  await world.stop();
});
