import { utf8 } from '../../../src/core/bytes/text.js';
import { aesGcm128, chaCha20Poly1305 } from '../../../src/core/ike/crypto/aead.js';
import { espSuites } from '../../../src/core/ike/crypto/suite.js';
import { readMessage, writeMessage } from '../../../src/core/ike/message.js';
import { notifyPayload, type Payload } from '../../../src/core/ike/payloads/payload.js';
import { NotifyType } from '../../../src/core/ike/registries/notifies.js';
import { address } from '../../../src/core/net/address.js';
import { publicKeyOf } from '../../../src/core/pki/private-key.js';
import { type IkeEnd, type IkeWorld, twoEnds } from '../../support/ike-end.js';
import { rewritePayloads } from '../../support/ike-rewrite.js';
import { ed25519Key } from '../../support/keys.js';
import { assert, test } from '../../support/test.js';

const stranger = publicKeyOf(ed25519Key(99));

test('SP-40 failure: a silent gateway is given up when the patience ends, not before or after', async () => {
  const { world, left } = await twoEnds();
  const wish = { ...left.wish(left), remote: address('203.0.113.99'), patienceMs: 7000 };
  const start = world.clock.monotonicMs();
  const result = await world.until(left.daemon.connect(wish));
  assert.is(world.clock.monotonicMs() - start, 7000);
  assert.is(!result.ok && result.failure.kind, 'silent');
  assert.match(
    !result.ok ? result.failure.why : '',
    /no answer from UDP port 500 of 203.0.113.99 within 7 s; filtered/,
  );
  await world.clock.advance(60_000);
  assert.is(left.counter('IKE SAs'), 0);
  await world.stop();
  assert.is(world.clock.pendingTimers, 0);
});

test('failure: a request is sent again with growing pauses, byte for byte the same', async () => {
  const { world, left } = await twoEnds();
  const wish = { ...left.wish(left), remote: address('203.0.113.99'), patienceMs: 9000 };
  await world.until(left.daemon.connect(wish));
  const { captured } = world.network;
  assert.is(captured.length, 5);
  const pauses = captured.slice(1).map(({ atMs }, i) => atMs - captured[i]!.atMs);
  const least = [500, 1000, 2000, 4000];
  for (const [i, pause] of pauses.entries())
    assert.ok(pause >= least[i]! && pause <= least[i]! * 1.125, `pause ${pause}`);
  for (const { bytes } of captured) assert.equal(bytes, captured[0]?.bytes);
  await world.stop();
});

test('failure: a peer with trouble of its own is asked again', async () => {
  const { world, left, right } = await twoEnds();
  let asked = 0;
  right.authorize = async () =>
    ++asked === 1 ? { ok: false, why: 'no kernel', isOurFault: true } : { ok: true };
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.ok(result.ok);
  assert.is(asked, 2);
  await world.stop();
});

for (const [what, authorize] of [
  ['breaks', () => Promise.reject(new Error('no route to the kernel'))],
  ['blames itself', async () => ({ ok: false, why: 'no kernel', isOurFault: true }) as const],
] as const)
  test(`failure: an owner who ${what} is not taken for one who refuses the tunnel`, async () => {
    const { world, left, right } = await twoEnds();
    right.authorize = authorize;
    const result = await world.until(left.daemon.connect(left.wish(right)));
    assert.match(result.ok ? '' : result.failure.why, /refuses the tunnel: TEMPORARY_FAILURE/);
    await world.stop();
  });

test('OE-41 failure: the peer is proven and refuses the tunnel', async () => {
  const { world, left, right } = await twoEnds();
  right.authorize = async () => ({ ok: false, why: 'no delegation' });
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.is(!result.ok && result.failure.kind, 'refused');
  assert.match(
    !result.ok ? result.failure.why : '',
    /proven and refuses the tunnel: TS_UNACCEPTABLE/,
  );
  assert.equal([left.events, right.events], [[], []]);
  assert.ok(right.lines.some((line) => /^info tunnel refused.*no delegation/.test(line)));
  assert.is(left.counter('IKE SAs'), 1);
  await world.clock.advance(300_000);
  assert.equal([left.counter('IKE SAs'), right.counter('IKE SAs')], [0, 0]);
  await world.stop();
});

test('failure: an authorization that is refused over a standing IKE SA leaves its tunnels alone', async () => {
  const { world, left, right } = await twoEnds();
  await world.until(left.daemon.connect(left.wish(right)));
  right.authorize = async () => ({ ok: false, why: 'not yours' });
  const result = await world.until(left.daemon.connect(left.wish(right, { ours: '10.0.0.1' })));
  assert.is(!result.ok && result.failure.kind, 'refused');
  assert.equal([left.installed.length, right.installed.length], [1, 1]);
  await world.stop();
});

test('failure: the responder does not know the initiator: refused', async () => {
  const { world, left, right } = await twoEnds();
  right.keysFor = async () => ({ ok: false, why: 'no KEY record' });
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.is(!result.ok && result.failure.kind, 'refused');
  assert.match(!result.ok ? result.failure.why : '', /AUTHENTICATION_FAILED/);
  assert.is(right.counter('peers not authenticated'), 1);
  assert.ok(
    right.lines.some((line) => /^info peer 192.0.2.1 not authenticated: .*no KEY/.test(line)),
  );
  await world.stop();
});

test('failure: the signature of the initiator does not verify: refused, nothing installed', async () => {
  const { world, left, right } = await twoEnds();
  right.keysFor = async () => ({ ok: true, keys: [stranger] });
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.is(!result.ok && result.failure.kind, 'refused');
  assert.equal([left.events, right.events], [[], []]);
  await world.stop();
});

test('failure: the signature of the responder does not verify; the responder hears of it', async () => {
  const { world, left, right } = await twoEnds();
  const wish = { ...left.wish(right), keys: [stranger] };
  const result = await world.until(left.daemon.connect(wish));
  assert.is(!result.ok && result.failure.kind, 'signature');
  assert.equal(left.events, []);
  await world.clock.advance(1000);
  assert.equal(right.events, [
    'install',
    'installed',
    'established',
    'removed',
    'ended deleted by peer',
  ]);
  assert.equal(right.installed, []);
  await world.stop();
});

test('failure: no cipher in common is a hint and the attempt goes on until patience ends', async () => {
  const { world, left, right } = await twoEnds(
    { preferences: { ikeCiphers: [aesGcm128] } },
    { preferences: { ikeCiphers: [chaCha20Poly1305] } },
  );
  const start = world.clock.monotonicMs();
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.is(world.clock.monotonicMs() - start, 20_000);
  assert.is(!result.ok && result.failure.kind, 'silent');
  assert.match(!result.ok ? result.failure.why : '', /hint: unprotected NO_PROPOSAL_CHOSEN/);
  assert.is(right.counter('half-open'), 0);
  await world.stop();
});

test('failure: no ESP cipher in common: refused', async () => {
  const { world, left, right } = await twoEnds(
    { preferences: { espSuites: espSuites.slice(0, 1) } },
    { preferences: { espSuites: espSuites.slice(2, 3) } },
  );
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.match(!result.ok ? result.failure.why : '', /NO_PROPOSAL_CHOSEN/);
  assert.is(!result.ok && result.failure.kind, 'refused');
  await world.stop();
});

test('failure: the kernel of the initiator refuses; the responder is told to forget', async () => {
  const { world, left, right } = await twoEnds();
  left.install = async () => {
    throw new Error('no ESP here');
  };
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.is(!result.ok && result.failure.kind, 'internal');
  await world.clock.advance(1000);
  assert.equal([left.installed, right.installed], [[], []]);
  assert.equal(
    right.ended.map(({ why }) => why),
    ['deleted by peer'],
  );
  await world.stop();
});

test('failure: the kernel of the responder refuses; the initiator hears no', async () => {
  const { world, left, right } = await twoEnds();
  right.install = async () => {
    throw new Error('no ESP here');
  };
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.is(!result.ok && result.failure.kind, 'refused');
  assert.equal([left.events, right.established], [[], []]);
  await world.stop();
});

/** Answers every first IKE_SA_INIT request of `victim` with a forged notify, before the peer can. */
function forge(world: IkeWorld, victim: IkeEnd, type: number, data: Uint8Array): () => number {
  let forged = 0;
  world.network.path.rewrites = (packet) => {
    const read = readMessage(packet.bytes);
    if (!read.ok || packet.from.address !== victim.address || read.value.head.exchange !== 34)
      return packet;
    const head = { ...read.value.head, isFromInitiator: false, isResponse: true };
    const bytes = writeMessage(head, [notifyPayload(type, data)]);
    forged++;
    const { from, to } = packet;
    void Promise.resolve().then(() =>
      victim.host.socketFor(from)?.receive({ number: 0, from: to, to: from, bytes }),
    );
    return packet;
  };
  return () => forged;
}

const nothing = new Uint8Array(0);
for (const [name, type, data] of [
  ['NO_PROPOSAL_CHOSEN', NotifyType.NO_PROPOSAL_CHOSEN, nothing],
  ['INVALID_SYNTAX', NotifyType.INVALID_SYNTAX, nothing],
  ['AUTHENTICATION_FAILED', NotifyType.AUTHENTICATION_FAILED, nothing],
  ['INVALID_MAJOR_VERSION', NotifyType.INVALID_MAJOR_VERSION, nothing],
  ['an error that nobody knows', 8000, utf8('go away')],
  [
    'INVALID_KE_PAYLOAD for a group never offered',
    NotifyType.INVALID_KE_PAYLOAD,
    Uint8Array.of(0, 2),
  ],
] as const)
  test(`OE-45 failure: forged, unprotected ${name} does not end the attempt`, async () => {
    const { world, left, right } = await twoEnds();
    const forged = forge(world, left, type, data);
    const result = await world.until(left.daemon.connect(left.wish(right)));
    assert.ok(result.ok);
    assert.ok(forged() > 0);
    assert.is(left.counter('unauthenticated refusals'), forged());
    await world.stop();
  });

test('failure: demands for ever other groups are followed a few times only', async () => {
  const { world, left, right } = await twoEnds();
  let asked = 0;
  world.network.path.rewrites = (packet) => {
    const read = readMessage(packet.bytes);
    if (!read.ok || packet.from.address !== left.address || read.value.head.exchange !== 34)
      return packet;
    const wanted = Uint8Array.of(0, asked++ % 2 === 0 ? 19 : 20);
    const head = { ...read.value.head, isFromInitiator: false, isResponse: true };
    const bytes = writeMessage(head, [notifyPayload(NotifyType.INVALID_KE_PAYLOAD, wanted)]);
    const { from, to } = packet;
    void Promise.resolve().then(() =>
      left.host.socketFor(from)?.receive({ number: 0, from: to, to: from, bytes }),
    );
    return { ...packet, bytes: nothing };
  };
  const result = await world.until(left.daemon.connect(left.wish(right, { patienceMs: 5000 })));
  assert.is(!result.ok && result.failure.kind, 'silent');
  assert.match(!result.ok ? result.failure.why : '', /INVALID_KE_PAYLOAD/);
  // The retries, and what is sent again by the clock in five seconds.
  assert.ok(asked >= 3 && asked < 12, `${asked} requests`);
  await world.stop();
});

test('OE-147 SP-39 failure: forged ICMP unreachable of each kind changes nothing', async () => {
  const { world, left, right } = await twoEnds();
  const connecting = left.daemon.connect(left.wish(right));
  const socket = left.host.udpSockets[0]!;
  for (const code of [0, 1, 2, 3, 13])
    socket.options.onUnreachable?.({
      peer: { address: right.address, port: 500 },
      errno: 111,
      icmp: { type: 3, code },
    });
  assert.ok((await world.until(connecting)).ok);
  assert.is(left.counter('unreachable hints'), 5);
  await world.stop();
});

test('SP-39 failure: a closed port is only a hint in the reason, the verdict waits for the patience', async () => {
  const { world, left } = await twoEnds();
  world.network.host('203.0.113.50');
  const wish = { ...left.wish(left), remote: address('203.0.113.50'), patienceMs: 5000 };
  const start = world.clock.monotonicMs();
  const result = await world.until(left.daemon.connect(wish));
  assert.is(world.clock.monotonicMs() - start, 5000);
  assert.match(!result.ok ? result.failure.why : '', /hint: unreachable, ICMP type 3 code 3/);
  await world.stop();
});

test('failure: keys that never come leave the initiator without an answer, and nothing behind', async () => {
  const { world, left, right } = await twoEnds();
  right.keysFor = () => new Promise(() => undefined);
  const result = await world.until(left.daemon.connect(left.wish(right, { patienceMs: 15_000 })));
  assert.is(!result.ok && result.failure.kind, 'silent');
  assert.match(!result.ok ? result.failure.why : '', /answered IKE_SA_INIT, then silent for 15 s/);
  await world.clock.advance(120_000);
  assert.is(right.counter('half-open'), 0);
  assert.is(right.counter('IKE SAs'), 0);
  await world.stop();
  assert.is(world.clock.pendingTimers, 0);
});

test('failure: a flood of refused peers fills the log with a few lines only', async () => {
  const { world, left, right } = await twoEnds({}, { limits: { refusalLinesPerMinute: 3 } });
  right.keysFor = async () => ({ ok: false, why: 'nobody' });
  for (let i = 0; i < 5; i++) await world.until(left.daemon.connect(left.wish(right)));
  assert.is(right.lines.filter((line) => line.startsWith('info peer')).length, 3);
  await world.stop();
});

const isInitialContact = (payload: Payload): boolean =>
  payload.kind === 'N' && payload.type === NotifyType.INITIAL_CONTACT;

test('SP-41 failure: a restarted peer is noticed while a further tunnel is asked for', async () => {
  const { world, left, right } = await twoEnds();
  await world.until(left.daemon.connect(left.wish(right)));
  // the peer loses its memory: messages of the old IKE SA reach nobody
  const stale = left.installed[0]!;
  const again = await world.restart(right);
  rewritePayloads(again, 35, (one) => (isInitialContact(one) ? [] : [one]));
  const result = await world.until(left.daemon.connect(left.wish(right, { theirs: '10.2.0.9' })));
  assert.ok(result.ok);
  assert.is(again.installed.length, 1);
  await world.clock.advance(60_000);
  assert.equal(
    left.ended.map(({ why }) => why),
    ['peer is dead'],
  );
  assert.not(left.installed.includes(stale));
  await world.stop();
});

test('SP-41 failure: a peer that restarts while it answers many wishes is noticed soon', async () => {
  const { world, left, right } = await twoEnds();
  let asked = 0;
  let isGone = false;
  right.authorize = () =>
    new Promise((resolve) => {
      world.clock.after(10 * ++asked, () => {
        if (!isGone) resolve({ ok: true });
      });
    });
  const results = Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      left.daemon.connect(left.wish(right, { theirs: `10.2.0.${i + 1}` })),
    ),
  );
  // the last ones are out, so nothing is asked for after the last answer
  await world.clock.advanceUntil(() => left.installed.length > 30);
  isGone = true;
  const start = world.clock.monotonicMs();
  const again = await world.restart(right);
  assert.ok((await world.until(results)).every(({ ok }) => ok));
  const tookMs = world.clock.monotonicMs() - start;
  assert.ok(tookMs < 8500, `${tookMs} ms`);
  assert.is(again.installed.length, 40 - right.installed.length);
  await world.stop();
});
