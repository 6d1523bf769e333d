import type { Extension } from '../../../src/core/ike/extension.js';
import { readMessage } from '../../../src/core/ike/message.js';
import { notifyPayload } from '../../../src/core/ike/payloads/payload.js';
import { sealFragments } from '../../../src/core/ike/protect.js';
import { type IkeEnd, type IkeWorld, twoEnds } from '../../support/ike-end.js';
import { sasOf } from '../../support/ike-peer.js';
import type { Captured } from '../../support/memory-network.js';
import { assert, test } from '../../support/test.js';

const IKE_SA_INIT = 34;
const IKE_AUTH = 35;
const SKF = 53;

/** Makes IKE_AUTH and INFORMATIONAL as long as chains of certificates do. */
const bulk = (length: number): Extension => ({
  name: 'bulk',
  outgoing: (message) =>
    message.startsWith('IKE_AUTH') ? [notifyPayload(40_960, new Uint8Array(length).fill(7))] : [],
});

const options = (length = 3000) => ({ extensions: [bulk(length)] });

const isFragment = ({ bytes }: Captured) => bytes[16] === SKF;
const fragmentsFrom = (world: IkeWorld, end: IkeEnd) =>
  world.network.captured.filter((one) => one.from.address === end.address && isFragment(one));

/** The two numbers of a fragment. */
function numbers({ bytes }: { bytes: Uint8Array }): string {
  const read = readMessage(bytes);
  const fragment = read.ok ? read.value.sealed?.fragment : undefined;
  return fragment ? `${fragment.number}/${fragment.total}` : '-';
}

const memoryOf = (end: IkeEnd): number =>
  (end.daemon as unknown as { context: { fragmentMemory: { bytes: number } } }).context
    .fragmentMemory.bytes;

async function connects(world: IkeWorld, left: IkeEnd, right: IkeEnd): Promise<void> {
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.ok(result.ok, result.ok ? '' : result.failure.why);
}

test('fragmentation: long messages go in fragments that fit 1280 bytes, both ways', async () => {
  const { world, left, right } = await twoEnds(options(), options());
  await connects(world, left, right);
  for (const end of [left, right]) {
    const all = fragmentsFrom(world, end);
    assert.equal(all.map(numbers), ['1/3', '2/3', '3/3']);
    for (const { bytes } of all) {
      assert.is(bytes[18], IKE_AUTH);
      assert.ok(20 + 8 + bytes.length <= 1280, `${bytes.length} bytes`);
    }
    // RFC 7383 §2.5: the first one names what is inside, the others nothing
    assert.equal(
      all.map(({ bytes }) => bytes[28] === 0),
      [false, true, true],
    );
    assert.is(end.counter('fragments received'), 3);
    assert.is(memoryOf(end), 0);
  }
  for (const { bytes } of world.network.captured)
    if (bytes[18] === IKE_SA_INIT) assert.is.not(bytes[16], SKF);
  await world.stop();
});

test('fragmentation: what fits one datagram is not cut', async () => {
  const { world, left, right } = await twoEnds(options(0), options(0));
  await connects(world, left, right);
  assert.is(world.network.captured.filter(isFragment).length, 0);
  await world.stop();
});

test('fragmentation: not with a peer that does not offer it', async () => {
  const none = { fragmentSizes: { 4: [], 6: [] } };
  const { world, left, right } = await twoEnds(options(), { ...options(), limits: none });
  await connects(world, left, right);
  assert.is(world.network.captured.filter(isFragment).length, 0);
  await world.stop();
});

test('fragmentation: a lost fragment is repeated with the others, bit for bit', async () => {
  const { world, left, right } = await twoEnds(options(), options());
  let lost = 0;
  world.network.path.loses = ({ bytes }) => bytes[16] === SKF && lost++ % 4 === 1 && lost < 12;
  await connects(world, left, right);
  const second = fragmentsFrom(world, left).filter((one) => numbers(one) === '2/3');
  assert.ok(second.length > 1);
  assert.equal(second[0]!.bytes, second[1]!.bytes);
  await world.stop();
});

test('fragmentation: any order, and every fragment twice', async () => {
  const { world, left, right } = await twoEnds(options(), options());
  world.network.path.duplicates = () => true;
  world.network.path.reorders = ({ number }) => number % 2 === 1;
  await connects(world, left, right);
  assert.is(right.established.length, 1);
  assert.is(left.installed.length, 1);
  await world.stop();
});

test('fragmentation: on a path that loses large datagrams, the pieces get smaller', async () => {
  const { world, left, right } = await twoEnds(options(), options());
  world.network.path.loses = ({ bytes }) => bytes.length > 560;
  await connects(world, left, right);
  for (const end of [left, right]) {
    const last = fragmentsFrom(world, end).at(-1)!;
    assert.ok(20 + 8 + last.bytes.length <= 576, `${last.bytes.length} bytes`);
  }
  await world.stop();
});

test('fragmentation: forged fragments are not kept', async () => {
  const { world, left, right } = await twoEnds(options(), options());
  let spoiled = 0;
  world.network.path.rewrites = (packet) => {
    if (packet.bytes[16] !== SKF || spoiled++ > 4) return packet;
    const bytes = packet.bytes.slice();
    bytes[bytes.length - 1]! ^= 1;
    return { ...packet, bytes };
  };
  await connects(world, left, right);
  assert.ok(right.counter('forged messages') >= 3);
  await world.stop();
});

test('fragmentation: a message that never gets whole is forgotten, and its ID is free', async () => {
  const { world, left, right } = await twoEnds(options(), options());
  world.network.path.loses = (packet) => {
    const [number, total] = numbers(packet).split('/');
    return isFragment(packet as Captured) && number === total;
  };
  const limits = { patienceMs: 8000 };
  const result = await world.until(left.daemon.connect(left.wish(right, limits)));
  assert.not.ok(result.ok);
  assert.ok(memoryOf(right) > 2000, `${memoryOf(right)} bytes`);
  // no request has been taken from the window: only IKE_SA_INIT is answered
  assert.ok(sasOf(right)[0]!.responses.isNewest(1));
  await world.clock.advance(25_000);
  assert.is(memoryOf(right), 0);
  await world.stop();
});

/** An INFORMATIONAL request of `left` under the next message ID, in fragments of ours. */
function fragmentsOf(left: IkeEnd, messageId: number, length: number, size = 600): Uint8Array[] {
  const sa = sasOf(left)[0]!;
  const payloads = [notifyPayload(40_960, new Uint8Array(length))];
  return sealFragments(sa.head(37, false, messageId), payloads, sa.sealer!, size);
}

const send = (left: IkeEnd, bytes: Uint8Array | undefined) => {
  const { path } = sasOf(left)[0]!;
  left.world.network.transmit(path.local, path.remote, bytes!);
};

test('fragmentation: an answer is repeated for the first fragment, and for no other', async () => {
  const { world, left, right } = await twoEnds();
  await connects(world, left, right);
  const answers = () =>
    world.network.captured.filter(
      ({ from, bytes }) => from.address === right.address && bytes[18] === 37,
    ).length;
  const cut = fragmentsOf(left, 2, 2000);
  for (const bytes of cut) send(left, bytes);
  await world.clock.advance(100);
  assert.is(answers(), 1);
  send(left, cut[1]);
  await world.clock.advance(100);
  assert.is(answers(), 1);
  send(left, cut[0]);
  await world.clock.advance(100);
  assert.is(answers(), 2);
  // RFC 7383 §2.5.2: cut anew, because the answer did not arrive
  for (const bytes of fragmentsOf(left, 2, 2000, 300)) send(left, bytes);
  await world.clock.advance(100);
  assert.is(answers(), 3);
  const forged = fragmentsOf(left, 2, 2000, 400)[0]!;
  forged[60]! ^= 1;
  send(left, forged);
  await world.clock.advance(100);
  assert.is(answers(), 3);
  await world.stop();
});

test('fragmentation: a larger total begins anew, a smaller one is passed over', async () => {
  const { world, left, right } = await twoEnds();
  await connects(world, left, right);
  const large = fragmentsOf(left, 2, 2000, 1000);
  const small = fragmentsOf(left, 2, 2000, 500);
  send(left, large[0]);
  send(left, small[0]);
  for (const bytes of large) send(left, bytes);
  await world.clock.advance(100);
  assert.ok(sasOf(right)[0]!.responses.isNewest(2), 'the outdated cut does not count');
  for (const bytes of small.slice(1)) send(left, bytes);
  await world.clock.advance(100);
  assert.not.ok(sasOf(right)[0]!.responses.isNewest(2));
  assert.is(right.counter('fragments passed over'), large.length);
  await world.stop();
});

test('fragmentation: in one piece after all, the fragments are forgotten', async () => {
  const { world, left, right } = await twoEnds();
  await connects(world, left, right);
  send(left, fragmentsOf(left, 2, 2000)[0]);
  await world.clock.advance(100);
  assert.ok(memoryOf(right) > 0);
  assert.ok(await world.until(left.daemon.check(left.established[0] ?? tunnelOf(left))));
  assert.is(memoryOf(right), 0);
  await world.stop();
});

const tunnelOf = (end: IkeEnd) => [...sasOf(end)[0]!.children][0]!.tunnel!;

test('fragmentation: more than a message may have ends the IKE SA', async () => {
  const { world, left, right } = await twoEnds({}, { limits: { maxReassembledBytes: 4000 } });
  await connects(world, left, right);
  for (const bytes of fragmentsOf(left, 2, 6000)) send(left, bytes);
  await world.clock.advance(5000);
  assert.is(right.counter('fragments too many'), 1);
  assert.is(memoryOf(right), 0);
  assert.is(right.installed.length, 0);
  await world.stop();
});

test('fragmentation: numbers that can not be are malformed', async () => {
  const { world, left, right } = await twoEnds();
  await connects(world, left, right);
  for (const [number, total] of [
    [0, 2],
    [3, 2],
    [0, 0],
  ]) {
    const bytes = fragmentsOf(left, 2, 2000)[0]!;
    bytes[33] = number!;
    bytes[35] = total!;
    send(left, bytes);
  }
  await world.clock.advance(100);
  assert.is(right.counter('malformed messages'), 3);
  await world.stop();
});

test('fragmentation: where others take all the room, no IKE SA ends for it', async () => {
  const { world, left, right } = await twoEnds({}, { limits: { maxFragmentBytes: 4000 } });
  await connects(world, left, right);
  const memory = (right.daemon as unknown as { context: { fragmentMemory: { bytes: number } } })
    .context.fragmentMemory;
  memory.bytes += 3500;
  const all = fragmentsOf(left, 2, 2000);
  for (const bytes of all) send(left, bytes);
  await world.clock.advance(5000);
  assert.ok(right.counter('fragments without room') > 0);
  assert.is(right.installed.length, 1);
  memory.bytes -= 3500;
  for (const bytes of all) send(left, bytes);
  await world.clock.advance(5000);
  assert.not.ok(sasOf(right)[0]!.responses.isNewest(2));
  assert.is(memoryOf(right), 0);
  await world.stop();
});

test('fragmentation: callers who have proven nothing leave room for peers', async () => {
  const { world, left, right } = await twoEnds(options(6000), {
    limits: { maxFragmentBytes: 8000 },
  });
  const result = await world.until(left.daemon.connect(left.wish(right, { patienceMs: 3000 })));
  assert.not.ok(result.ok);
  assert.ok(right.counter('fragments without room') > 0);
  assert.ok(memoryOf(right) <= 4000, `${memoryOf(right)} bytes`);
  await world.stop();
});

test('fragmentation: fragments of a peer with which it was not agreed are passed over', async () => {
  const none = { fragmentSizes: { 4: [], 6: [] } };
  const { world, left, right } = await twoEnds({}, { limits: none });
  await connects(world, left, right);
  for (const bytes of fragmentsOf(left, 2, 2000)) send(left, bytes);
  await world.clock.advance(100);
  assert.ok(sasOf(right)[0]!.responses.isNewest(2));
  assert.is(right.counter('fragments received'), 0);
  await world.stop();
});

test('fragmentation: fragments whose others do not come are forgotten after a while', async () => {
  const { world, left, right } = await twoEnds({}, { limits: { reassemblyMs: 5000 } });
  await connects(world, left, right);
  const [first, ...others] = fragmentsOf(left, 2, 2000);
  send(left, first);
  await world.clock.advance(4900);
  assert.ok(memoryOf(right) > 0);
  await world.clock.advance(200);
  assert.is(memoryOf(right), 0);
  for (const bytes of others) send(left, bytes);
  await world.clock.advance(100);
  assert.ok(sasOf(right)[0]!.responses.isNewest(2), 'the message is not whole');
  await world.stop();
});

test('fragmentation: goes on behind a rekey of the IKE SA', async () => {
  const long: Extension = {
    name: 'long',
    outgoing: (message) =>
      message === 'INFORMATIONAL request' ? [notifyPayload(40_960, new Uint8Array(3000))] : [],
  };
  const { world, left, right } = await twoEnds({ extensions: [long] });
  await connects(world, left, right);
  assert.ok((await world.until(left.daemon.rekeyIke(tunnelOf(left)))).ok);
  await world.clock.advance(1000);
  const before = fragmentsFrom(world, left).length;
  const [heir] = sasOf(left).filter(({ state }) => state === 'ESTABLISHED');
  const [child] = heir!.children;
  assert.ok(await world.until(left.daemon.check(child!.tunnel!)));
  assert.ok(fragmentsFrom(world, left).length > before);
  await world.stop();
});
