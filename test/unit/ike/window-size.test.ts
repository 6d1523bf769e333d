import { notifyPayload, type Payload } from '../../../src/core/ike/payloads/payload.js';
import { Exchange } from '../../../src/core/ike/registries/exchanges.js';
import { NotifyType } from '../../../src/core/ike/registries/notifies.js';
import { sasOf, speakFor } from '../../support/ike-peer.js';
import { assert, test } from '../../support/test.js';
import { farEnds, mostAtOnce, up, wishFor } from './far-ends.js';

/** Within an IKE SA: the initiator's requests before were IKE_SA_INIT and IKE_AUTH. */
const FIRST_ID = 2;

const windowNotify = (...data: number[]): Payload =>
  notifyPayload(NotifyType.SET_WINDOW_SIZE, Uint8Array.from(data));

for (const [what, data, most] of [
  ['zero', [0, 0, 0, 0], 4],
  ['no bytes', [], 4],
  ['three bytes', [0, 0, 2], 4],
  ['five bytes', [0, 0, 0, 0, 2], 4],
  ['2^32-1', [255, 255, 255, 255], 16],
  ['17', [0, 0, 0, 17], 16],
  ['2', [0, 0, 0, 2], 2],
] as const)
  test(`window size: SET_WINDOW_SIZE ${what}, in Exchange.INFORMATIONAL after a 4`, async () => {
    const { world, left, right, say } = await up();
    say(FIRST_ID, [windowNotify(0, 0, 0, 4)]);
    await world.clock.advance(100);
    say(FIRST_ID + 1, [windowNotify(...data)]);
    await world.clock.advance(100);
    await world.until(wishFor({ world, left: right, right: left }, 20));
    assert.is(mostAtOnce({ world, left, right }), most);
    await world.stop();
  });

test('window size: SET_WINDOW_SIZE in clear, in IKE_SA_INIT, says nothing', async () => {
  const { world, left, right } = await farEnds(
    {},
    {
      limits: { window: 1 },
      extensions: [
        {
          name: 'early',
          outgoing: (message) =>
            message.startsWith('IKE_SA_INIT') ? [windowNotify(0, 0, 0, 9)] : [],
        },
      ],
    },
  );
  await world.until(wishFor({ world, left, right }, 5));
  assert.is(mostAtOnce({ world, left, right }), 1);
  await world.stop();
});

test('window size: requests ahead of the window are counted and nothing else', async () => {
  const { world, right, say } = await up();
  const deleteSa: Payload = { kind: 'D', protocol: 1, spis: [] };
  const before = world.network.captured.length;
  for (const id of [0, 1, FIRST_ID + 16, FIRST_ID + 17, 0x7fff_ffff, 0xffff_ffff])
    say(id, [deleteSa]);
  await world.clock.advance(100);
  assert.is(world.network.captured.length, before + 6);
  assert.is(right.counter('messages outside the window'), 6);
  assert.is(right.installed.length, 1);
  await world.stop();
});

test('window size: a hole in the message IDs holds the window until it is filled', async () => {
  const { world, right, say } = await up();
  for (let id = FIRST_ID + 1; id < FIRST_ID + 20; id++) say(id);
  await world.clock.advance(100);
  assert.is(right.counter('messages outside the window'), 4);
  say(FIRST_ID);
  await world.clock.advance(100);
  say(FIRST_ID + 16);
  await world.clock.advance(100);
  assert.is(right.counter('messages outside the window'), 4);
  assert.is(sasOf(right)[0]?.state, 'ESTABLISHED');
  await world.stop();
});

test('window size: the initiator takes no request before the responder is proven', async () => {
  const { world, left, right } = await farEnds();
  world.network.path.loses = ({ bytes, from }) =>
    bytes[18] === 35 && from.address === right.address;
  const connecting = left.daemon.connect(left.wish(right, { patienceMs: 3000 }));
  await world.clock.advance(400);
  assert.is(sasOf(left)[0]?.state, 'AUTH_SENT');
  speakFor(right, sasOf(right)[0]!, {
    exchange: Exchange.INFORMATIONAL,
    messageId: 0,
    payloads: [],
  });
  await world.clock.advance(100);
  assert.is(left.counter('messages outside the window'), 1);
  world.network.path.loses = undefined;
  assert.ok((await world.until(connecting)).ok);
  await world.stop();
});
