import type { IkeDaemonOptions } from '../../../src/core/ike/ike-daemon.js';
import { readMessage } from '../../../src/core/ike/message.js';
import { notifyPayload, type Payload } from '../../../src/core/ike/payloads/payload.js';
import { NotifyType } from '../../../src/core/ike/registries/notifies.js';
import type { EspSa } from '../../../src/core/kernel/child-sa.js';
import { type IkeEnd, type IkeWorld, twoEnds } from '../../support/ike-end.js';
import { sasOf, speakFor } from '../../support/ike-peer.js';
import { chance } from '../../support/memory-network.js';
import { assert, test } from '../../support/test.js';

const CREATE_CHILD_SA = 36;
const INFORMATIONAL = 37;
/** Within an IKE SA: two messages to set it up, then each end counts on its own. */
const FIRST_ID = 2;

interface Ends {
  world: IkeWorld;
  left: IkeEnd;
  right: IkeEnd;
}

/** 20 ms apart, and the owner of the right one takes 50 ms for each question. */
async function farEnds(
  left: Partial<IkeDaemonOptions> = {},
  right: Partial<IkeDaemonOptions> = {},
): Promise<Ends> {
  const ends = await twoEnds(left, right);
  ends.world.network.path.delayMs = 20;
  const afterAWhile = <T>(value: T): Promise<T> =>
    new Promise((resolve) => void ends.world.clock.after(50, () => resolve(value)));
  const { keysFor } = ends.right;
  ends.right.keysFor = (claim) => afterAWhile(undefined).then(() => keysFor(claim));
  ends.right.authorize = () => afterAWhile({ ok: true });
  return ends;
}

const hosts = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `10.2.0.${i + 1}`);

/** Wishes for as many pairs at once; the results. */
const wishFor = ({ left, right }: Ends, count: number, patienceMs = 20_000) =>
  Promise.all(
    hosts(count).map((theirs) => left.daemon.connect(left.wish(right, { theirs, patienceMs }))),
  );

/** The most CREATE_CHILD_SA requests that were out at once, as one sees them on the wire. */
function mostAtOnce({ world }: Ends): number {
  const out = new Set<number>();
  let most = 0;
  for (const { bytes } of world.network.captured) {
    const read = readMessage(bytes);
    if (!read.ok || read.value.head.exchange !== CREATE_CHILD_SA) continue;
    const { messageId, isResponse } = read.value.head;
    if (isResponse) out.delete(messageId);
    else out.add(messageId);
    most = Math.max(most, out.size);
  }
  return most;
}

/** Both ends have the same tunnels, one for each of `count` pairs, with the same keys. */
function assertMirrored({ left, right }: Ends, count: number): void {
  const bySpi = (one: EspSa, other: EspSa) => one.spi - other.spi;
  assert.equal([left.installed.length, right.installed.length], [count, count]);
  assert.equal(
    left.installed.map(({ sa }) => sa.inbound).sort(bySpi),
    right.installed.map(({ sa }) => sa.outbound).sort(bySpi),
  );
  assert.equal(
    left.installed.map(({ sa }) => `${sa.theirs.prefix.address} ${sa.outbound.spi}`).sort(),
    right.installed.map(({ sa }) => `${sa.ours.prefix.address} ${sa.inbound.spi}`).sort(),
  );
  assert.is(new Set(right.installed.map(({ sa }) => sa.ours.prefix.address)).size, count);
}

test('OE-67 concurrency: a hundred pairs of one peer take two seconds, not the sum of all', async () => {
  const ends = await farEnds();
  const { world, left } = ends;
  const start = world.clock.monotonicMs();
  const results = await world.until(wishFor(ends, 100));
  const tookMs = world.clock.monotonicMs() - start;
  assert.ok(results.every(({ ok }) => ok));
  assert.ok(tookMs < 1000, `${tookMs} ms`);
  assert.is(mostAtOnce(ends), 16);
  assertMirrored(ends, 100);
  assert.equal([left.counter('IKE SAs'), left.counter('retransmissions')], [1, 0]);
  await world.stop();
});

test('concurrency: a peer that announces no window gets one request at a time', async () => {
  const ends = await farEnds({}, { limits: { window: 1 } });
  const { world } = ends;
  const start = world.clock.monotonicMs();
  const results = await world.until(wishFor(ends, 10));
  assert.ok(results.every(({ ok }) => ok));
  assert.is(mostAtOnce(ends), 1);
  assert.ok(world.clock.monotonicMs() - start > 9 * 90);
  assertMirrored(ends, 10);
  await world.stop();
});

test('concurrency: a peer with a small window gets no more than it takes', async () => {
  const ends = await farEnds({}, { limits: { window: 3 } });
  const results = await ends.world.until(wishFor(ends, 12));
  assert.ok(results.every(({ ok }) => ok));
  assert.is(mostAtOnce(ends), 3);
  assert.is(ends.right.counter('messages outside the window'), 0);
  await ends.world.stop();
});

test('concurrency: the responder has a window for its own requests too', async () => {
  const ends = await farEnds();
  const { world, left, right } = ends;
  await world.until(left.daemon.connect(left.wish(right)));
  await world.clock.advance(100);
  await world.until(wishFor({ world, left: right, right: left }, 20));
  assert.is(mostAtOnce(ends), 16);
  assert.is(right.counter('IKE SAs'), 1);
  await world.stop();
});

/** An established IKE SA, and what `left` says in it as the next message. */
async function up(left: Partial<IkeDaemonOptions> = {}) {
  const ends = await farEnds(left);
  const { world } = ends;
  assert.ok((await world.until(ends.left.daemon.connect(ends.left.wish(ends.right)))).ok);
  await world.clock.advance(100);
  const say = (messageId: number, payloads: readonly Payload[] = [], exchange = INFORMATIONAL) =>
    speakFor(ends.left, sasOf(ends.left)[0]!, { exchange, messageId, payloads });
  return { ...ends, say };
}

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
  test(`concurrency: SET_WINDOW_SIZE ${what}, in INFORMATIONAL after a 4`, async () => {
    const { world, left, right, say } = await up();
    say(FIRST_ID, [windowNotify(0, 0, 0, 4)]);
    await world.clock.advance(100);
    say(FIRST_ID + 1, [windowNotify(...data)]);
    await world.clock.advance(100);
    await world.until(wishFor({ world, left: right, right: left }, 20));
    assert.is(mostAtOnce({ world, left, right }), most);
    await world.stop();
  });

test('concurrency: SET_WINDOW_SIZE in clear, in IKE_SA_INIT, says nothing', async () => {
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

test('concurrency: requests ahead of the window are counted and nothing else', async () => {
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

test('concurrency: a hole in the message IDs holds the window until it is filled', async () => {
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

test('concurrency: the initiator takes no request before the responder is proven', async () => {
  const { world, left, right } = await farEnds();
  world.network.path.loses = ({ bytes, from }) =>
    bytes[18] === 35 && from.address === right.address;
  const connecting = left.daemon.connect(left.wish(right, { patienceMs: 3000 }));
  await world.clock.advance(400);
  assert.is(sasOf(left)[0]?.state, 'AUTH_SENT');
  speakFor(right, sasOf(right)[0]!, { exchange: INFORMATIONAL, messageId: 0, payloads: [] });
  await world.clock.advance(100);
  assert.is(left.counter('messages outside the window'), 1);
  world.network.path.loses = undefined;
  assert.ok((await world.until(connecting)).ok);
  await world.stop();
});

test('concurrency: a repetition of each of the last sixteen gets the same bytes again', async () => {
  const ends = await up();
  const { world, left, right } = ends;
  await world.until(wishFor(ends, 20));
  await world.clock.advance(100);
  const { captured } = world.network;
  const wires = captured.filter(({ bytes }) => bytes[18] === CREATE_CHILD_SA);
  const asked = wires.filter(({ from }) => from.address === left.address);
  const answers = new Map(
    wires.filter(({ from }) => from.address === right.address).map((p) => [p.bytes[23], p.bytes]),
  );
  assert.equal([asked.length, answers.size], [20, 20]);
  const before = captured.length;
  for (const { from, to, bytes } of asked) world.network.transmit(from, to, bytes);
  await world.clock.advance(100);
  const again = captured.slice(before + 20);
  assert.is(again.length, 16);
  for (const { bytes } of again) assert.equal(bytes, answers.get(bytes[23]));
  assert.is(right.counter('repeated requests'), 16);
  assert.is(right.counter('messages outside the window'), 4);
  assertMirrored(ends, 21);
  await world.stop();
});

/** Loses, delays or repeats packets, and says whether everything came out right in the end. */
async function survives(disturb: (ends: Ends) => void): Promise<Ends> {
  const ends = await up();
  const { world, right } = ends;
  disturb(ends);
  const results = await world.until(wishFor(ends, 18));
  assert.ok(
    results.every(({ ok }) => ok),
    JSON.stringify(results.find(({ ok }) => !ok)),
  );
  world.network.path.loses = undefined;
  await world.clock.advance(60_000);
  assert.is(right.events.filter((event) => event === 'install').length, 19);
  assertMirrored(ends, 19);
  return ends;
}

for (let lost = 1; lost <= 36; lost += 5)
  test(`concurrency: of 36 packets number ${lost} is lost once`, async () => {
    const { world, left } = await survives(({ world }) => {
      let number = 0;
      world.network.path.loses = () => ++number === lost;
    });
    assert.is(left.counter('retransmissions'), 1);
    await world.stop();
  });

for (let late = 3; late <= 36; late += 5)
  test(`concurrency: of 36 packets number ${late} comes late`, async () => {
    const { world } = await survives(({ world }) => {
      let number = 0;
      world.network.path.delayMs = () => (++number === late ? 700 : 20);
    });
    await world.stop();
  });

for (const seed of [1, 2, 3])
  test(`concurrency: packets lost, overtaken and repeated at random, seed ${seed}`, async () => {
    const { world, left, right } = await survives(({ world: { network } }) => {
      network.path.loses = chance(0.15, seed * 0x9e37_79b9);
      network.path.duplicates = chance(0.3, seed * 77);
      const late = chance(0.3, seed * 13);
      network.path.delayMs = () => (late() ? 500 : 20);
    });
    assert.ok(right.counter('repeated requests') > 0);
    assert.equal([left.counter('forged messages'), right.counter('forged messages')], [0, 0]);
    await world.stop();
  });

test('concurrency: no initialization vector is used twice in one direction', async () => {
  const ends = await up();
  await ends.world.until(wishFor(ends, 40));
  const seen = ends.world.network.captured
    .filter(({ bytes }) => bytes[18]! > 34)
    .map(({ bytes, from }) => `${from.address} ${bytes.slice(32, 40).join(' ')}`);
  assert.is(new Set(seen).size, seen.length);
  assert.ok(seen.length > 80);
  await ends.world.stop();
});
