import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import type { PeerWish } from '../../../src/core/ike/daemon.js';
import type { Extension } from '../../../src/core/ike/extension.js';
import { findNotify, notifyPayload } from '../../../src/core/ike/payloads/payload.js';
import { NotifyType } from '../../../src/core/ike/registries/notifies.js';
import { type IkeEnd, type IkeWorld, twoEnds } from '../../support/ike-end.js';
import { sasOf } from '../../support/ike-peer.js';
import { rewritePayloads } from '../../support/ike-rewrite.js';
import { assert, test } from '../../support/test.js';

const PRIVATE = 40_960;
const IKE_AUTH = 35;

function wishFor(left: IkeEnd, right: IkeEnd): PeerWish {
  const { ours: _ours, theirs: _theirs, ...wish } = left.wish(right);
  return wish;
}

async function opened(world: IkeWorld, left: IkeEnd, right: IkeEnd) {
  const result = await world.until(left.daemon.open(wishFor(left, right)));
  if (!result.ok) throw new Error(result.failure.why);
  return result.peer;
}

test('childless: an IKE SA without a tunnel, by one exchange less', async () => {
  const { world, left, right } = await twoEnds();
  const peer = await opened(world, left, right);
  assert.is(world.network.captured.length, 4);
  assert.equal([left.events, right.events], [[], []]);
  assert.equal([left.counter('IKE SAs'), right.counter('IKE SAs')], [1, 1]);
  assert.ok(peer.view.peer);
  await world.stop();
});

test('childless: it stays as long as it is held, and goes with a delete', async () => {
  const { world, left, right } = await twoEnds({ limits: { lingerMs: 1000 } });
  const peer = await opened(world, left, right);
  for (let minute = 0; minute < 5; minute++) {
    await world.clock.advance(60_000);
    assert.ok(await world.until(peer.inform([])));
  }
  assert.is(left.counter('IKE SAs'), 1);
  await world.until(peer.close());
  await world.clock.advance(60_000);
  assert.equal([left.counter('IKE SAs'), right.counter('IKE SAs')], [0, 0]);
  await world.stop();
});

test('childless: what a plugin holds of it is the IKE SA of now, behind a rekey too', async () => {
  const { world, left, right } = await twoEnds();
  const peer = await opened(world, left, right);
  const before = peer.view;
  const [old] = sasOf(right);
  const result = await world.until(left.daemon.connect(left.wish(right)));
  if (!result.ok) throw new Error(result.failure.why);
  assert.ok((await world.until(left.daemon.rekeyIke(result.tunnel))).ok);
  await world.clock.advance(1000);
  const [heir] = sasOf(right).filter((one) => one !== old && one.state === 'ESTABLISHED');
  const seed = Uint8Array.of(1);
  assert.not.equal(peer.view.spiInitiator, before.spiInitiator);
  assert.equal(peer.view.exportKey(seed), heir!.exportKey(seed));
  await world.stop();
});

test('childless: held behind a rekey, it stays when its last tunnel goes', async () => {
  const { world, left, right } = await twoEnds(
    { limits: { idleMs: 20_000 } },
    { limits: { idleMs: 1e7 } },
  );
  const peer = await opened(world, left, right);
  const result = await world.until(left.daemon.connect(left.wish(right)));
  if (!result.ok) throw new Error(result.failure.why);
  assert.ok((await world.until(left.daemon.rekeyIke(result.tunnel))).ok);
  await world.until(left.daemon.close(result.tunnel));
  await world.clock.advance(120_000);
  assert.ok(await world.until(peer.inform([])));
  await world.stop();
});

test('childless: a tunnel within it later needs one exchange', async () => {
  const { world, left, right } = await twoEnds();
  await opened(world, left, right);
  const before = world.network.captured.length;
  assert.ok((await world.until(left.daemon.connect(left.wish(right)))).ok);
  assert.is(world.network.captured.length - before, 2);
  await world.stop();
});

test('childless: a peer that does not take it is not asked', async () => {
  const { world, left, right } = await twoEnds();
  world.network.path.rewrites = (packet) => {
    // The notify becomes one of an unknown type; the initiator looks before it verifies.
    const { bytes } = packet;
    for (let at = 0; at + 1 < bytes.length; at++)
      if (bytes[at] === 0x40 && bytes[at + 1] === 0x22 && bytes[at - 1] === 0) bytes[at + 1] = 0x7f;
    return packet;
  };
  const result = await world.until(left.daemon.open(wishFor(left, right)));
  assert.match(!result.ok ? result.failure.why : '', /RFC 6023/);
  assert.is(
    world.network.captured.some(({ bytes }) => bytes[18] === IKE_AUTH),
    false,
  );
  await world.stop();
});

test('childless: a peer that answers with nothing when a tunnel was asked for has refused it', async () => {
  const { world, left, right } = await twoEnds();
  rewritePayloads(right, IKE_AUTH, (one) =>
    one.kind === 'SA' || one.kind === 'TSi' || one.kind === 'TSr' ? [] : [one],
  );
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.is(!result.ok && result.failure.kind, 'refused');
  await world.stop();
});

/** Answers a private notify with its text in capitals. */
const shouter: Extension = {
  name: 'shouter',
  outgoing(message, _sa, asked) {
    const notify = findNotify(asked, PRIVATE);
    if (message !== 'INFORMATIONAL response' || !notify) return [];
    return [notifyPayload(PRIVATE, utf8(fromUtf8(notify.data).toUpperCase()))];
  },
};

test('extension: an INFORMATIONAL exchange of its own, and the answer', async () => {
  const { world, left, right } = await twoEnds({}, { extensions: [shouter] });
  const peer = await opened(world, left, right);
  const answer = await world.until(peer.inform([notifyPayload(PRIVATE, utf8('hello'))]));
  assert.is(fromUtf8(findNotify(answer!, PRIVATE)!.data), 'HELLO');
  await world.stop();
});

test('extension: it starts an exchange by itself, over the IKE SA of a tunnel', async () => {
  let answer: string | undefined;
  let inform: Parameters<NonNullable<Extension['start']>>[0]['inform'];
  const starter: Extension = {
    name: 'starter',
    start: (services) => {
      inform = services.inform;
    },
    incoming(message, sa) {
      if (message === 'CREATE_CHILD_SA response')
        void inform(sa, [notifyPayload(PRIVATE, utf8('more'))]).then((payloads) => {
          answer = fromUtf8(findNotify(payloads!, PRIVATE)!.data);
        });
      return undefined;
    },
  };
  const { world, left, right } = await twoEnds(
    { extensions: [starter] },
    { extensions: [shouter] },
  );
  await world.until(left.daemon.connect(left.wish(right)));
  await world.until(left.daemon.connect(left.wish(right, { theirs: '10.2.0.6' })));
  await world.clock.advance(100);
  assert.is(answer, 'MORE');
  await world.stop();
});

test('extension: without an answer the exchange gives nothing, and the peer is dead', async () => {
  const { world, left, right } = await twoEnds();
  const peer = await opened(world, left, right);
  world.network.path.loses = () => true;
  assert.is(await world.until(peer.inform([])), undefined);
  assert.is(await world.until(peer.inform([])), undefined);
  await world.stop();
});

test('extension: a critical payload of its own type is no unknown one', async () => {
  const seen: number[] = [];
  const knows: Extension = {
    name: 'knows',
    payloadTypes: [200],
    incoming(message, _sa, payloads) {
      for (const one of payloads)
        if (one.kind === 'Unknown' && message === 'INFORMATIONAL request') seen.push(one.type);
      return undefined;
    },
  };
  const { world, left, right } = await twoEnds({}, { extensions: [knows] });
  const peer = await opened(world, left, right);
  const payload = (type: number) =>
    ({ kind: 'Unknown', type, isCritical: true, body: new Uint8Array(4) }) as const;
  assert.equal(await world.until(peer.inform([payload(200)])), []);
  const answer = await world.until(peer.inform([payload(201)]));
  const refusal = findNotify(answer!, NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD);
  assert.equal(refusal?.data, Uint8Array.of(201));
  assert.equal(seen, [200]);
  await world.stop();
});

test('extension: after a veto, an INFORMATIONAL request has no effect and is answered', async () => {
  const guard: Extension = {
    name: 'guard',
    incoming: (message) => (message === 'INFORMATIONAL request' ? { why: 'no' } : undefined),
  };
  const { world, left, right } = await twoEnds({}, { extensions: [guard] });
  const result = await world.until(left.daemon.connect(left.wish(right)));
  if (!result.ok) throw new Error(result.failure.why);
  await world.until(left.daemon.close(result.tunnel));
  assert.equal([left.installed.length, right.installed.length], [0, 1]);
  assert.is(sasOf(right)[0]!.state, 'ESTABLISHED');
  await world.stop();
});
