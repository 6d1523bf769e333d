import { concat } from '../../../src/core/bytes/bytes.js';
import { Cookies } from '../../../src/core/ike/cookie.js';
import { TimeShare } from '../../../src/core/ike/doorkeeper.js';
import { readMessage, writeMessage } from '../../../src/core/ike/message.js';
import { findNotify, notifyPayload } from '../../../src/core/ike/payloads/payload.js';
import { NotifyType } from '../../../src/core/ike/registries/notifies.js';
import { PayloadType } from '../../../src/core/ike/registries/payload-types.js';
import { address } from '../../../src/core/net/address.js';
import { type IkeEnd, type IkeWorld, twoEnds } from '../../support/ike-end.js';
import { countingRandom } from '../../support/list-random.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';

const claim = {
  ni: new Uint8Array(32).fill(1),
  address: address('192.0.2.1'),
  spiInitiator: new Uint8Array(8).fill(2),
};

test('cookie: good for its claim, and for no other nonce, address or SPI', () => {
  const cookies = new Cookies(new SteppedClock(), countingRandom());
  const cookie = cookies.make(claim);
  assert.ok(cookie.length <= 64);
  assert.ok(cookies.isGood(cookie, claim));
  assert.not(cookies.isGood(cookie, { ...claim, ni: new Uint8Array(32) }));
  assert.not(cookies.isGood(cookie, { ...claim, address: address('192.0.2.2') }));
  assert.not(cookies.isGood(cookie, { ...claim, spiInitiator: new Uint8Array(8) }));
  assert.not(cookies.isGood(cookie.slice(1), claim));
  assert.not(cookies.isGood(new Uint8Array(0), claim));
});

test('cookie: the secret changes every minute, the one before still counts', async () => {
  const clock = new SteppedClock();
  const cookies = new Cookies(clock, countingRandom());
  const old = cookies.make(claim);
  await clock.advance(61_000);
  assert.ok(cookies.isGood(old, claim));
  assert.not.equal(cookies.make(claim), old);
  await clock.advance(61_000);
  assert.not(cookies.isGood(old, claim));
});

test('cookie: after a long silence no old secret counts', async () => {
  const clock = new SteppedClock();
  const cookies = new Cookies(clock, countingRandom());
  const old = cookies.make(claim);
  await clock.advance(200_000);
  assert.not(cookies.isGood(old, claim));
});

test('cookie: a responder under load demands one, the initiator obeys', async () => {
  const { world, left, right } = await twoEnds({}, { limits: { cookieThreshold: 0 } });
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.ok(result.ok);
  assert.is(right.counter('cookies demanded'), 1);
  assert.is(world.network.captured.length, 6);
  const [first, demand, second] = world.network.captured.map(({ bytes }) => {
    const read = readMessage(bytes);
    return read.ok ? read.value : undefined;
  });
  assert.is(demand?.payloads.length, 1);
  assert.is(second?.payloads[0]?.kind, 'N');
  const cookie = (message: typeof first) => findNotify(message!.payloads, NotifyType.COOKIE)?.data;
  assert.equal(cookie(demand), cookie(second));
  // RFC 7296 §2.6: all other payloads unchanged
  assert.equal(second?.payloads.slice(1), first?.payloads);
  assert.is(second?.head.messageId, 0);
  await world.stop();
});

/** Sends a captured first message again, as strangers from many addresses would. */
function flood(world: IkeWorld, victim: IkeEnd, strangers: readonly string[]): void {
  const read = readMessage(world.network.captured[0]!.bytes);
  if (!read.ok) throw new Error(read.error);
  for (const [i, from] of strangers.entries()) {
    const spiInitiator = new Uint8Array(8).fill(i + 1);
    spiInitiator[0] = i >> 8;
    const bytes = writeMessage({ ...read.value.head, spiInitiator }, read.value.payloads);
    const to = { address: victim.address, port: 500 };
    world.network.transmit({ address: address(from), port: 500 }, to, bytes);
  }
}

async function flooded(limits: object, strangers: readonly string[]) {
  const ends = await twoEnds({}, { limits });
  await ends.world.until(ends.left.daemon.connect(ends.left.wish(ends.right)));
  flood(ends.world, ends.right, strangers);
  await ends.world.clock.advance(100);
  return ends;
}

const manyBlocks = Array.from({ length: 200 }, (_, i) => `100.64.${i}.1`);
const oneBlock = Array.from({ length: 200 }, (_, i) => `100.64.7.${i + 1}`);

test('OE-152 cookie: a flood from many blocks leaves no more state than the threshold', async () => {
  const { world, left, right } = await flooded({ cookieThreshold: 32 }, manyBlocks);
  const half = right.counter('half-open');
  assert.ok(half <= 32, `${half} half-open`);
  assert.is(right.counter('cookies demanded') + right.counter('messages put off'), 200 - half);
  // the tunnel that stands still works, and a peer with a cookie gets in
  const wish = left.wish(right, { theirs: '10.2.0.6' });
  assert.ok((await world.until(left.daemon.connect(wish))).ok);
  const third = await world.add('203.0.113.1');
  assert.ok((await world.until(third.daemon.connect(third.wish(right)))).ok);
  await world.clock.advance(60_000);
  assert.is(right.counter('half-open'), 0);
  assert.is(right.counter('half-open expired'), half);
  await world.stop();
  await world.clock.advance(100);
  assert.is(world.clock.pendingTimers, 0);
});

/** So that the limits on state are all that stands in the way. */
const trusting = {
  cookieThreshold: 500,
  cookieThresholdPerPrefix: 500,
  callsPerSecond: 500,
  maxWaitingStrangers: 500,
};

test('cookie: one block that calls often is asked for a cookie, others are not', async () => {
  const limits = { ...trusting, cookieThresholdPerPrefix: 5 };
  const { right, world } = await flooded(limits, oneBlock);
  assert.is(right.counter('half-open'), 5);
  assert.is(right.counter('cookies demanded'), 195);
  const other = await world.add('203.0.113.1');
  assert.ok((await world.until(other.daemon.connect(other.wish(right)))).ok);
  assert.is(right.counter('cookies demanded'), 195);
  await world.stop();
});

test('cookie: under a flood it is demanded without a look inside, for some seconds more', async () => {
  const { right, world } = await flooded({ ...trusting, callsPerSecond: 20 }, manyBlocks);
  const half = right.counter('half-open');
  assert.ok(half <= 20, `${half} half-open`);
  assert.match(right.daemon.pressure() ?? '', /flood of unknown callers \(.* half-open\)/);
  const late = await world.add('203.0.113.1');
  const before = right.counter('cookies demanded');
  assert.ok((await world.until(late.daemon.connect(late.wish(right)))).ok);
  assert.is(right.counter('cookies demanded'), before + 1);
  await world.clock.advance(11_000);
  assert.is(right.daemon.pressure(), undefined);
  const calm = await world.add('203.0.113.2');
  assert.ok((await world.until(calm.daemon.connect(calm.wish(right)))).ok);
  assert.is(right.counter('cookies demanded'), before + 1);
  await world.stop();
});

test('cookie: the demand made by hand is the one that the codec writes', async () => {
  const { right, world } = await flooded({ cookieThreshold: 0 }, ['100.64.1.1']);
  const demand = world.network.captured.at(-1)!;
  assert.is(demand.from.address, right.address);
  const read = readMessage(demand.bytes);
  assert.ok(read.ok);
  if (!read.ok) return;
  assert.equal(writeMessage(read.value.head, read.value.payloads), demand.bytes);
  assert.equal(read.value.head.spiInitiator, demand.bytes.slice(0, 8));
  assert.ok(read.value.head.isResponse && !read.value.head.isFromInitiator);
  await world.stop();
});

test('cookie: a nonce longer than any nonce is not hashed', async () => {
  const { world, right } = await flooded({ cookieThreshold: 0 }, []);
  const ni = new Uint8Array(60_000);
  const head = world.network.captured[0]!.bytes.slice(0, 28);
  head.set([1, 2, 3, 4, 5, 6, 7, 8]);
  head[16] = PayloadType.Nonce;
  const length = ni.length + 4;
  const bytes = concat(head, Uint8Array.of(0, 0, length >> 8, length & 255), ni);
  const to = { address: right.address, port: 500 };
  const before = right.counter('cookies demanded');
  world.network.transmit({ address: address('100.64.1.1'), port: 500 }, to, bytes);
  await world.clock.advance(100);
  assert.is(right.counter('cookies demanded'), before);
  assert.is(right.counter('malformed messages'), 1);
  await world.stop();
});

test('cookie: those who bring one are heard when there is no time for the others', async () => {
  const limits = { cookieThreshold: 0, doorTimeShare: 0 };
  const { world, left, right } = await twoEnds({}, { limits });
  const attempt = left.daemon.connect(left.wish(right));
  // The first call has been answered; from now on the door has no time.
  await world.clock.advance(15);
  const { context } = right.daemon as unknown as { context: { doorTime: TimeShare } };
  context.doorTime = new TimeShare(world.clock, 0, 0);
  assert.ok((await world.until(attempt)).ok);
  flood(world, right, manyBlocks);
  await world.clock.advance(100);
  assert.is(right.counter('calls passed over'), 200);
  await world.stop();
});

test('cookie: what it costs to demand them is bounded by time', async () => {
  const clock = new SteppedClock();
  const share = new TimeShare(clock, 0.5, 100);
  let nowMs = 0;
  const costly = { monotonicMs: () => nowMs, wallSeconds: () => 0 };
  const slow = new TimeShare(costly, 0.5, 100);
  let runs = 0;
  const work = () => {
    runs++;
    nowMs += 10;
  };
  for (let i = 0; i < 100; i++) slow.spend(work);
  // 100 ms that were saved, and half of the time that they took
  assert.ok(runs >= 10 && runs <= 20, `${runs} runs`);
  nowMs += 1000;
  runs = 0;
  for (let i = 0; i < 100; i++) slow.spend(work);
  assert.ok(runs >= 10 && runs <= 20, `${runs} runs`);
  assert.ok(share.spend(() => undefined));
});

test('cookie: one block gets no more than its share', async () => {
  const { right, world } = await flooded({ ...trusting, maxHalfOpenPerPrefix: 8 }, oneBlock);
  assert.is(right.counter('half-open'), 8);
  assert.is(right.counter('half-open limit reached'), 192);
  await world.stop();
});

test('cookie: there is a limit for all together', async () => {
  const { right, world } = await flooded({ ...trusting, maxHalfOpen: 20 }, manyBlocks);
  assert.is(right.counter('half-open'), 20);
  await world.stop();
});

test('cookie: a wrong cookie gets a demand again and no state', async () => {
  const { world, left, right } = await twoEnds({}, { limits: { cookieThreshold: 0 } });
  world.network.path.rewrites = (packet) => {
    const read = readMessage(packet.bytes);
    const cookie = read.ok && findNotify(read.value.payloads, NotifyType.COOKIE);
    if (!read.ok || !cookie || packet.from.address !== left.address) return packet;
    cookie.data[5]! ^= 1;
    return { ...packet, bytes: writeMessage(read.value.head, read.value.payloads) };
  };
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.is(!result.ok && result.failure.kind, 'silent');
  // bounded: the initiator does not follow for ever, though it goes on trying
  assert.is(right.counter('half-open'), 0);
  assert.ok(right.counter('wrong cookies') >= 4);
  assert.ok(world.network.captured.length < 40);
  await world.stop();
});

for (const length of [0, 65])
  test(`cookie: RFC 7296 §2.6, one of ${length} bytes is not brought back`, async () => {
    const { world, left, right } = await twoEnds();
    world.network.path.rewrites = (packet) => {
      const read = readMessage(packet.bytes);
      if (!read.ok || packet.from.address !== right.address) return packet;
      const demand = notifyPayload(NotifyType.COOKIE, new Uint8Array(length).fill(7));
      return { ...packet, bytes: writeMessage(read.value.head, [demand]) };
    };
    const result = await world.until(left.daemon.connect(left.wish(right, { patienceMs: 3000 })));
    assert.not.ok(result.ok);
    const sent = world.network.captured.filter(({ from }) => from.address === left.address);
    for (const { bytes } of sent) assert.equal(bytes, sent[0]!.bytes);
    await world.stop();
  });
