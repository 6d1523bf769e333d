import { concat, uintBytes } from '../../../src/core/bytes/bytes.js';
import { fromHex } from '../../../src/core/bytes/hex.js';
import { spiBytes } from '../../../src/core/ike/child.js';
import type { IkeSa } from '../../../src/core/ike/ike-sa.js';
import { readMessage, writeHeader, writeMessage } from '../../../src/core/ike/message.js';
import {
  find,
  findAll,
  notifyPayload,
  type Payload,
} from '../../../src/core/ike/payloads/payload.js';
import { Exchange } from '../../../src/core/ike/registries/exchanges.js';
import { NotifyType, notifyName } from '../../../src/core/ike/registries/notifies.js';
import { address } from '../../../src/core/net/address.js';
import { twoEnds } from '../../support/ike-end.js';
import { openCaptured, sasOf, speakFor } from '../../support/ike-peer.js';
import { rewritePayloads } from '../../support/ike-rewrite.js';
import { mutations, prefixes } from '../../support/mangle.js';
import { assert, test } from '../../support/test.js';
import { type Ends, up as standingEnds } from './rekey/two-ends.js';

interface Up extends Ends {
  sa: IkeSa;
}

async function up(): Promise<Up> {
  const ends = await standingEnds();
  return { ...ends, sa: sasOf(ends.left)[0]! };
}

/** Left's peer says this as message 2; the notifies and deletes of the answer. */
async function ask({ world, left, sa }: Up, exchange: number, payloads: readonly Payload[]) {
  const before = world.network.captured.length;
  speakFor(left, sa, { exchange, messageId: 2, payloads });
  await world.clock.advance(100);
  const answer = world.network.captured[before + 1];
  return answer && openCaptured(sa, answer);
}

const names = (payloads: readonly Payload[] | undefined) =>
  payloads && findAll(payloads, 'N').map(({ type }) => notifyName(type));

const nonce: Payload = { kind: 'Nonce', data: new Uint8Array(32).fill(5) };
const ke: Payload = { kind: 'KE', group: 31, data: new Uint8Array(32).fill(9) };
const esp = (id: number): Payload => ({
  kind: 'SA',
  proposals: [
    {
      number: 1,
      protocol: 3,
      spi: fromHex('c0ffee01'),
      transforms: [
        { type: 1, id, attributes: [{ type: 14, value: 128 }] },
        { type: 5, id: 0, attributes: [] },
      ],
    },
  ],
});
const side = (kind: 'TSi' | 'TSr', from: string, to = from): Payload => ({
  kind,
  selectors: [
    {
      type: 7,
      protocol: 0,
      startPort: 0,
      endPort: 65_535,
      range: concat(...[from, to].map(octets)),
    },
  ],
});
const octets = (text: string) => Uint8Array.from(text.split('.').map(Number));
const pair = [side('TSi', '192.0.2.1'), side('TSr', '198.51.100.1')];

test('hostile: a further tunnel without a key exchange of its own is taken', async () => {
  const ends = await up();
  const answer = await ask(ends, Exchange.CREATE_CHILD_SA, [esp(20), nonce, ...pair]);
  assert.ok(answer && find(answer, 'SA') && find(answer, 'Nonce') && !find(answer, 'KE'));
  assert.is(ends.right.installed.length, 2);
  await ends.world.stop();
});

const refusals: [string, readonly Payload[], string][] = [
  ['hostile: rekey of the IKE SA with ESP', [{ ...esp(20) }, nonce, ke], 'NO_PROPOSAL_CHOSEN'],
  [
    'hostile: rekey of a Child SA that is not there',
    [
      { ...notifyPayload(NotifyType.REKEY_SA), protocol: 3, spi: spiBytes(4711) },
      esp(20),
      nonce,
      ...pair,
    ],
    'CHILD_SA_NOT_FOUND',
  ],
  ['OE-93 hostile: ESP with DES', [esp(2), nonce, ...pair], 'NO_PROPOSAL_CHOSEN'],
  ['SP-19 hostile: ESP with NULL', [esp(11), nonce, ...pair], 'NO_PROPOSAL_CHOSEN'],
  [
    'OE-101 hostile: a whole subnet behind the peer',
    [esp(20), nonce, side('TSi', '10.0.0.0', '10.255.255.255'), pair[1]!],
    'SINGLE_PAIR_REQUIRED',
  ],
  [
    'OE-101 hostile: a whole subnet behind us',
    [esp(20), nonce, pair[0]!, side('TSr', '10.0.0.0', '10.255.255.255')],
    'SINGLE_PAIR_REQUIRED',
  ],
];
for (const [what, payloads, notify] of refusals)
  test(`${what} is refused, and the tunnel stays`, async () => {
    const ends = await up();
    assert.equal(names(await ask(ends, Exchange.CREATE_CHILD_SA, payloads)), [notify]);
    assert.is(ends.right.installed.length, 1);
    assert.is(sasOf(ends.right)[0]?.state, 'ESTABLISHED');
    await ends.world.stop();
  });

const rekeyOf = ({ left }: Up): Payload => ({
  ...notifyPayload(NotifyType.REKEY_SA),
  protocol: 3,
  spi: spiBytes(left.installed[0]!.sa.inbound.spi),
});

test('hostile: rekey of a Child SA without a key exchange of its own is taken', async () => {
  const ends = await up();
  const answer = await ask(ends, Exchange.CREATE_CHILD_SA, [
    rekeyOf(ends),
    esp(20),
    nonce,
    ...pair,
  ]);
  assert.ok(answer && find(answer, 'SA') && !find(answer, 'KE'));
  assert.is(ends.right.installed.length, 2);
  await ends.world.stop();
});

const onlyTcp = pair.map((one) =>
  one.kind === 'TSi' || one.kind === 'TSr'
    ? { ...one, selectors: one.selectors.map((each) => ({ ...each, protocol: 6 })) }
    : one,
);

for (const [what, traffic] of [
  ['other traffic', [side('TSi', '192.0.2.7'), pair[1]!]],
  ['a part of its traffic', onlyTcp],
] as const)
  test(`hostile: rekey of a Child SA with ${what} is refused`, async () => {
    const ends = await up();
    const wish = [rekeyOf(ends), esp(20), nonce, ...traffic];
    const answer = await ask(ends, Exchange.CREATE_CHILD_SA, wish);
    assert.equal(names(answer), ['TS_UNACCEPTABLE']);
    assert.is(ends.right.installed.length, 1);
    await ends.world.stop();
  });

test('OE-99 hostile: a wish for transport mode is answered in tunnel mode', async () => {
  const ends = await up();
  const transport = notifyPayload(NotifyType.USE_TRANSPORT_MODE);
  const answer = await ask(ends, Exchange.CREATE_CHILD_SA, [transport, esp(20), nonce, ...pair]);
  assert.ok(answer && find(answer, 'SA'));
  assert.equal(names(answer), []);
  assert.is(ends.right.installed[1]?.sa.mode, 'tunnel');
  await ends.world.stop();
});

test('hostile: another group than that of the KE payload is asked for', async () => {
  const ends = await up();
  const withGroup: Payload = {
    kind: 'SA',
    proposals: [
      {
        number: 1,
        protocol: 3,
        spi: fromHex('c0ffee01'),
        transforms: [
          { type: 1, id: 20, attributes: [{ type: 14, value: 128 }] },
          { type: 4, id: 19, attributes: [] },
        ],
      },
    ],
  };
  const answer = await ask(ends, Exchange.CREATE_CHILD_SA, [withGroup, nonce, ke, ...pair]);
  assert.equal(find(answer!, 'N')?.data, fromHex('0013'));
  assert.equal(names(answer), ['INVALID_KE_PAYLOAD']);
  await ends.world.stop();
});

test('hostile: an unknown critical payload is named, the IKE SA stays', async () => {
  const ends = await up();
  const unknown: Payload = { kind: 'Unknown', type: 200, isCritical: true, body: fromHex('01') };
  const answer = await ask(ends, Exchange.INFORMATIONAL, [unknown]);
  assert.equal(names(answer), ['UNSUPPORTED_CRITICAL_PAYLOAD']);
  assert.equal(find(answer!, 'N')?.data, fromHex('c8'));
  assert.is(sasOf(ends.right)[0]?.state, 'ESTABLISHED');
  await ends.world.stop();
});

test('hostile: an unknown payload that is not critical is passed over', async () => {
  const ends = await up();
  const unknown: Payload = { kind: 'Unknown', type: 200, isCritical: false, body: fromHex('01') };
  assert.equal(await ask(ends, Exchange.INFORMATIONAL, [unknown]), []);
  await ends.world.stop();
});

test('hostile: RFC 7296 §2.21.3, a protected message that makes no sense ends the IKE SA', async () => {
  const ends = await up();
  const broken: Payload = { kind: 'Unknown', type: 41, isCritical: false, body: fromHex('00') };
  const answer = await ask(ends, Exchange.INFORMATIONAL, [broken]);
  assert.equal(names(answer), ['INVALID_SYNTAX']);
  assert.is(sasOf(ends.right)[0]?.state, 'GONE');
  assert.equal(ends.right.installed, []);
  await ends.world.stop();
});

test('hostile: requests outside the window are neither processed nor answered', async () => {
  const ends = await up();
  const { world, left, right, sa } = ends;
  const before = world.network.captured.length;
  const payloads: Payload[] = [{ kind: 'D', protocol: 1, spis: [] }];
  for (const messageId of [0, 1, 18, 19, 0xffffffff])
    speakFor(left, sa, { exchange: Exchange.INFORMATIONAL, messageId, payloads });
  await world.clock.advance(100);
  assert.is(world.network.captured.length, before + 5);
  assert.is(right.counter('messages outside the window'), 5);
  assert.is(right.installed.length, 1);
  await world.stop();
});

test('hostile: answers that nobody asked for are dropped', async () => {
  const ends = await up();
  for (const messageId of [0, 1, 2])
    speakFor(ends.left, ends.sa, {
      exchange: Exchange.INFORMATIONAL,
      messageId,
      isResponse: true,
      payloads: [],
    });
  await ends.world.clock.advance(100);
  assert.is(ends.right.counter('messages outside the window'), 3);
  await ends.world.stop();
});

test('hostile: IKE_AUTH without AUTH (EAP) is refused', async () => {
  const { world, left, right } = await twoEnds();
  world.network.path.loses = (packet) => packet.bytes[18] === 35 && packet.bytes.length > 0;
  const attempt = left.daemon.connect(left.wish(right, { patienceMs: 3000 }));
  await world.clock.advance(100);
  world.network.path.loses = undefined;
  const sa = sasOf(left)[0]!;
  speakFor(left, sa, {
    exchange: 35,
    messageId: 1,
    payloads: [{ kind: 'IDi', idType: 1, data: octets('192.0.2.1') }, esp(20), ...pair],
  });
  const result = await world.until(attempt);
  assert.is(!result.ok && result.failure.kind, 'refused');
  assert.is(right.counter('peers not authenticated'), 1);
  await world.stop();
});

/** A good answer to the further tunnel that `left` wants, and what is changed in it. */
const goodAnswer = (wish: readonly Payload[]): Payload[] => [
  {
    kind: 'SA',
    proposals: [
      {
        number: 1,
        protocol: 3,
        spi: fromHex('c0ffee02'),
        transforms: [
          { type: 1, id: 20, attributes: [{ type: 14, value: 128 }] },
          { type: 4, id: 31, attributes: [] },
          { type: 5, id: 0, attributes: [] },
        ],
      },
    ],
  },
  nonce,
  ke,
  find(wish, 'TSi')!,
  find(wish, 'TSr')!,
];

const replaced = (payloads: readonly Payload[], by: Payload): Payload[] =>
  payloads.map((one) => (one.kind === by.kind ? by : one));

/** The answer of a peer that is proven and hostile to the wish for a further tunnel. */
async function answerWish(change: (good: Payload[]) => Payload[]) {
  const ends = await up();
  const { world, left, right, sa } = ends;
  world.network.path.loses = ({ from }) => from.address === left.address;
  const before = world.network.captured.length;
  const attempt = left.daemon.connect(left.wish(right, { theirs: '10.2.0.6', patienceMs: 2000 }));
  await world.clock.advance(100);
  const wish = openCaptured(sa, world.network.captured[before]!);
  const payloads = change(goodAnswer(wish));
  speakFor(right, sasOf(right)[0]!, {
    exchange: Exchange.CREATE_CHILD_SA,
    messageId: 2,
    isResponse: true,
    payloads,
  });
  const result = await world.until(attempt);
  await world.clock.advance(100);
  return { ...ends, result };
}

test('hostile: the good answer is good', async () => {
  const { world, left, result } = await answerWish((good) => good);
  assert.ok(result.ok, JSON.stringify(result));
  assert.is(left.installed[1]?.sa.outbound.spi, 0xc0ffee02);
  await world.stop();
});

const badAnswers: [string, (good: Payload[]) => Payload[], RegExp][] = [
  ['a cipher that was not offered', (good) => replaced(good, esp(2)), /no choice from our offer/],
  ['no group, where one was demanded', (good) => replaced(good, esp(20)), /no choice/],
  ['no KE payload', (good) => good.filter(({ kind }) => kind !== 'KE'), /KE payload is missing/],
  [
    'a KE payload of another group',
    (good) => replaced(good, { ...ke, group: 19 } as Payload),
    /KE/,
  ],
  [
    'a KE payload that is no member',
    (good) => replaced(good, { kind: 'KE', group: 31, data: new Uint8Array(32) }),
    /no member of the group/,
  ],
  [
    'wider selectors for itself',
    (good) => replaced(good, side('TSr', '10.0.0.0', '10.255.255.255')),
    /other traffic selectors/,
  ],
  [
    'transport mode',
    (good) => [...good, notifyPayload(NotifyType.USE_TRANSPORT_MODE)],
    /transport mode, for which nobody asked/,
  ],
  ['other selectors for us', (good) => replaced(good, side('TSi', '192.0.2.2')), /other traffic/],
];
for (const [what, change, why] of badAnswers)
  test(`hostile: an answer with ${what} gives no tunnel, and the peer is told`, async () => {
    const { world, left, sa, result } = await answerWish(change);
    assert.is(!result.ok && result.failure.kind, 'refused');
    assert.match(!result.ok ? result.failure.why : '', why);
    assert.is(left.installed.length, 1);
    const last = openCaptured(sa, world.network.captured.at(-1)!);
    assert.is(find(last, 'D')?.spis.length, 1);
    await world.stop();
  });

test('hostile: a first answer with a suite that was not offered is passed over', async () => {
  const { world, left, right } = await twoEnds();
  world.network.path.rewrites = (packet) => {
    const read = readMessage(packet.bytes);
    if (!read.ok || packet.from.address !== right.address) return packet;
    const { head, payloads } = read.value;
    for (const one of payloads)
      if (one.kind === 'SA')
        one.proposals = one.proposals.map((proposal) => ({
          ...proposal,
          transforms: proposal.transforms.map((each) =>
            each.type === 1 ? { ...each, id: 3 } : each,
          ),
        }));
    return { ...packet, bytes: writeMessage(head, payloads) };
  };
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.is(!result.ok && result.failure.kind, 'silent');
  assert.match(!result.ok ? result.failure.why : '', /hint: .*no choice from our offer/);
  assert.is(
    world.network.captured.some(({ bytes }) => bytes[18] === 35),
    false,
  );
  await world.stop();
});

test('hostile: a first answer without an SPI is passed over', async () => {
  const { world, left, right } = await twoEnds();
  world.network.path.rewrites = (packet) => {
    const read = readMessage(packet.bytes);
    if (!read.ok || packet.from.address !== right.address) return packet;
    const { head, payloads } = read.value;
    const bytes = writeMessage({ ...head, spiResponder: new Uint8Array(8) }, payloads);
    return { ...packet, bytes };
  };
  const result = await world.until(left.daemon.connect(left.wish(right, { patienceMs: 3000 })));
  assert.match(!result.ok ? result.failure.why : '', /hint: .*without an SPI/);
  assert.not.ok(world.network.captured.some(({ bytes }) => bytes[18] === Exchange.IKE_AUTH));
  await world.stop();
});

const criticalOne: Payload = {
  kind: 'Unknown',
  type: 200,
  isCritical: true,
  body: new Uint8Array(4),
};

test('hostile: RFC 7296 §2.21.2, an unknown critical payload in IKE_AUTH: the IKE SA does not come to be', async () => {
  const { world, left, right } = await twoEnds();
  rewritePayloads(left, Exchange.IKE_AUTH, (one) =>
    one.kind === 'AUTH' ? [one, criticalOne] : [one],
  );
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.match(!result.ok ? result.failure.why : '', /UNSUPPORTED_CRITICAL_PAYLOAD/);
  assert.equal(
    sasOf(right).map(({ state }) => state),
    ['GONE'],
  );
  assert.equal([right.installed, right.established], [[], []]);
  await world.stop();
});

/** Payloads that make an answer useless. */
const useless: [string, Payload][] = [
  ['an unknown critical payload', criticalOne],
  ['a payload that is none of it', { kind: 'D', protocol: 1, spis: [] }],
  [
    'a payload that can not be read',
    { ...criticalOne, isCritical: false, type: 41, body: octets('0.0') },
  ],
];
for (const [what, payload] of useless) {
  test(`hostile: an IKE_AUTH answer with ${what} is not taken, and the peer is told`, async () => {
    const { world, left, right } = await twoEnds();
    rewritePayloads(right, Exchange.IKE_AUTH, (one) =>
      one.kind === 'AUTH' ? [one, payload] : [one],
    );
    const result = await world.until(left.daemon.connect(left.wish(right)));
    assert.is(!result.ok && result.failure.kind, 'refused');
    await world.clock.advance(1000);
    assert.equal([left.installed, right.installed, right.ended.length], [[], [], 1]);
    assert.equal(
      [...sasOf(left), ...sasOf(right)].map(({ state }) => state),
      ['GONE', 'GONE'],
    );
    await world.stop();
  });

  test(`hostile: an answer with ${what} within an IKE SA ends it, and the peer is told`, async () => {
    const { world, left, right } = await up();
    const [tunnel] = right.established;
    rewritePayloads(left, Exchange.CREATE_CHILD_SA, (one) =>
      one.kind === 'Nonce' ? [one, payload] : [one],
    );
    const rekey = await world.until(right.daemon.rekey(tunnel!));
    assert.is(rekey.ok, false);
    await world.clock.advance(1000);
    assert.equal([left.installed, right.installed], [[], []]);
    assert.equal([left.ended.length, right.ended.length], [1, 1]);
    await world.stop();
  });
}

test('hostile: the SPI of the peer must fit too', async () => {
  const { world, left, right, sa } = await up();
  world.network.path.rewrites = (packet) => {
    const bytes = packet.bytes.slice();
    bytes[0]! ^= 1;
    return { ...packet, bytes };
  };
  speakFor(left, sa, { exchange: Exchange.INFORMATIONAL, messageId: 2, payloads: [] });
  await world.clock.advance(100);
  assert.equal([right.counter('messages for no SA'), right.counter('forged messages')], [1, 0]);
  await world.stop();
});

/** One good message of each kind, from a real exchange. */
async function seeds() {
  const ends = await twoEnds();
  await ends.world.until(ends.left.daemon.connect(ends.left.wish(ends.right)));
  return { ...ends, wires: ends.world.network.captured.map(({ bytes }) => bytes) };
}

test('hostile: every cut and every changed byte of every message is survived without an answer to nonsense', async () => {
  const { world, left, right, wires } = await seeds();
  world.network.path.delayMs = 0;
  const from = { address: address('203.0.113.66'), port: 500 };
  const send = (bytes: Uint8Array) => {
    for (const end of [left, right])
      world.network.transmit(from, { address: end.address, port: 500 }, bytes);
  };
  for (const wire of wires) {
    for (const part of prefixes(wire)) send(part);
    let turn = 0;
    for (const { bytes } of mutations(wire)) if (turn++ % 7 === 0) send(bytes);
    await world.clock.advance(1);
  }
  for (const end of [left, right]) {
    assert.equal(
      end.lines.filter((line) => line.startsWith('error')),
      [],
    );
    assert.ok(end.counter('malformed messages') > 100);
    assert.is(end.installed.length, 1);
  }
  const second = left.wish(right, { theirs: '10.2.0.6' });
  assert.ok((await world.until(left.daemon.connect(second))).ok);
  await world.stop();
});

const sizes = [0, 1, 27, 28, 29, 31, 32];
test('hostile: tiny and huge datagrams', async () => {
  const { world, right } = await twoEnds();
  for (const size of [...sizes, 16_385, 65_000]) {
    const to = { address: right.address, port: 500 };
    world.network.transmit(
      { address: address('203.0.113.66'), port: 500 },
      to,
      new Uint8Array(size),
    );
  }
  await world.clock.advance(100);
  assert.is(right.counter('malformed messages'), sizes.length + 2);
  await world.stop();
});

test('message: the length of the header must be that of the datagram', () => {
  const head = {
    spiInitiator: new Uint8Array(8),
    spiResponder: new Uint8Array(8),
    exchange: 34,
    isFromInitiator: true,
    isResponse: false,
    messageId: 0,
  };
  assert.equal(readMessage(writeHeader(head, 0, 29)), {
    ok: false,
    error: 'header.length: says 29, there are 28 bytes',
  });
  const other = writeHeader(head, 0, 28);
  other.set(uintBytes(0x30, 1), 17);
  assert.equal(readMessage(other), {
    ok: false,
    error: 'header.version: major version 3, 2 is spoken here',
  });
});
