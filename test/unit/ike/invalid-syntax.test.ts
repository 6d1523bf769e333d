/** INVALID_SYNTAX and its like end the IKE SA at both ends, without a Delete payload (RFC 7296 §2.21). */
import { spiBytes } from '../../../src/core/ike/child.js';
import { readMessage } from '../../../src/core/ike/message.js';
import { notifyPayload, type Payload } from '../../../src/core/ike/payloads/payload.js';
import { Exchange } from '../../../src/core/ike/registries/exchanges.js';
import { NotifyType } from '../../../src/core/ike/registries/notifies.js';
import { sasOf, speakFor } from '../../support/ike-peer.js';
import { assert, test } from '../../support/test.js';
import { type Ends, up as standingEnds } from './rekey/two-ends.js';

async function up() {
  const ends = await standingEnds();
  return { ...ends, old: sasOf(ends.left)[0]! };
}

/** Within this IKE SA the right end says the same to whatever it is asked, in place of its daemon. */
function answerAll({ world, left, right }: Ends, payloads: readonly Payload[]): void {
  const [sa] = sasOf(right);
  const spi = String(sa!.spiInitiator);
  world.network.path.loses = ({ from, bytes }) => {
    const read = readMessage(bytes);
    if (!read.ok || String(read.value.head.spiInitiator) !== spi) return false;
    const { exchange, messageId, isResponse } = read.value.head;
    if (from.address !== left.address || isResponse) return false;
    speakFor(right, sa!, { exchange, messageId, isResponse: true, payloads });
    return true;
  };
}

const invalid = [notifyPayload(NotifyType.INVALID_SYNTAX)];

test('INVALID_SYNTAX as the answer to a liveness check: the IKE SA is gone, and nothing is sent in it', async () => {
  const ends = await up();
  const { world, left, old, ours } = ends;
  answerAll(ends, invalid);
  const checked = left.daemon.check(ours);
  assert.is(await world.until(checked), false);
  assert.is(old.state, 'GONE');
  assert.equal(
    left.ended.map(({ why }) => why),
    ['deleted by peer'],
  );
  const before = world.network.captured.length;
  await world.clock.advance(60_000);
  assert.is(world.network.captured.length, before);
  await world.stop();
});

test('INVALID_SYNTAX as the answer to a further tunnel: it is asked for in a fresh IKE SA', async () => {
  const ends = await up();
  const { world, left, right, old } = ends;
  answerAll(ends, invalid);
  const result = await world.until(left.daemon.connect(left.wish(right, { theirs: '10.2.0.9' })));
  assert.is(result.ok ? '' : result.failure.why, '');
  assert.is(old.state, 'GONE');
  assert.is(sasOf(left).filter(({ state }) => state === 'ESTABLISHED').length, 1);
  await world.stop();
});

test('INVALID_SYNTAX as the answer to a rekey of the IKE SA: it is gone with its tunnels', async () => {
  const ends = await up();
  const { world, left, old, ours } = ends;
  answerAll(ends, invalid);
  const result = await world.until(left.daemon.rekeyIke(ours));
  assert.is(result.ok, false);
  assert.is(old.state, 'GONE');
  assert.equal(left.installed, []);
  await world.stop();
});

for (const type of [
  'AUTHENTICATION_FAILED',
  'INVALID_SYNTAX',
  'UNSUPPORTED_CRITICAL_PAYLOAD',
] as const)
  test(`${type} of an initiator behind our IKE_AUTH answer: nothing of it is left here`, async () => {
    const { world, left, right, old } = await up();
    speakFor(left, old, {
      exchange: Exchange.INFORMATIONAL,
      messageId: 2,
      payloads: [notifyPayload(NotifyType[type])],
    });
    await world.clock.advance(100);
    assert.equal(
      sasOf(right).map(({ state }) => state),
      ['GONE'],
    );
    assert.equal([right.installed, right.ended.length], [[], 1]);
    await world.stop();
  });

test('RFC 7296 §1.5 INVALID_SPI, said by the peer itself: the tunnel that it has not is deleted', async () => {
  const { world, left, right, old } = await up();
  const { outbound } = right.installed[0]!.sa;
  for (const spi of [(outbound.spi ^ 1) >>> 0, outbound.spi]) {
    assert.is(right.installed.length, 1);
    speakFor(left, old, {
      exchange: Exchange.INFORMATIONAL,
      messageId: spi === outbound.spi ? 3 : 2,
      payloads: [notifyPayload(NotifyType.INVALID_SPI, spiBytes(spi))],
    });
    await world.clock.advance(100);
  }
  assert.equal(
    right.ended.map(({ why }) => why),
    ['expired'],
  );
  assert.is(sasOf(right)[0]!.state, 'ESTABLISHED');
  await world.stop();
});
