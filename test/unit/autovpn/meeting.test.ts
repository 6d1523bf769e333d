// The IKE exchange of AutoVPN between two gateways: what is in the messages, and what follows.
import { toHex } from '../../../src/core/bytes/hex.js';
import { fromUtf8 } from '../../../src/core/bytes/text.js';
import { IdType } from '../../../src/core/ike/identity.js';
import { readMessage } from '../../../src/core/ike/message.js';
import { find, findAll, findNotify, type Payload } from '../../../src/core/ike/payloads/payload.js';
import { defaultPreferences } from '../../../src/core/ike/proposals/offer.js';
import { Exchange } from '../../../src/core/ike/registries/exchanges.js';
import { NotifyType } from '../../../src/core/ike/registries/notifies.js';
import { address, formatPrefix, prefix } from '../../../src/core/net/address.js';
import {
  type AutovpnGateway,
  type AutovpnWorld,
  h1,
  h2,
  reasonOf,
  twoGateways,
} from '../../support/autovpn-end.js';
import { openCaptured, sasOf } from '../../support/ike-peer.js';
import { assert, test } from '../../support/test.js';

const NONCE = 224;
const CONTACT = 225;
const vendor = '06bbc0252d498cef8caf5bea3edc0aa120ee3506';

const bodies = (payloads: readonly Payload[], type: number): Uint8Array[] =>
  payloads.flatMap((one) => (one.kind === 'Unknown' && one.type === type ? [one.body] : []));

/** All messages of an exchange, opened. `isResponse`: those of the responder. */
function messages(
  world: AutovpnWorld,
  end: AutovpnGateway,
  exchange: number,
  isResponse: boolean,
  sa = sasOf(end.end)[0]!,
): (readonly Payload[])[] {
  return world.ike.network.captured.flatMap((captured) => {
    // Behind the non-ESP marker of port 4500
    const packet = { ...captured, bytes: captured.bytes.slice(4) };
    const read = readMessage(packet.bytes);
    if (!read.ok || read.value.head.exchange !== exchange) return [];
    const { isResponse: answers, spiInitiator } = read.value.head;
    if (answers !== isResponse || toHex(spiInitiator) !== toHex(sa.spiInitiator)) return [];
    return [openCaptured(sa, packet)];
  });
}

test('AV-1 AV-5 AV-9 AV-125: two gateways with nothing in common meet, and know each other', async () => {
  const { world, g1, g2 } = await twoGateways();
  assert.ok((await world.meet(g1, g2)).ok);
  for (const [one, other] of [
    [g1, g2],
    [g2, g1],
  ] as const) {
    assert.is(one.end.installed.length, 1);
    const peer = await one.peer(other);
    assert.is(peer?.state, 'Unverified');
    assert.is(peer?.fingerprint, (await other.own()).fingerprint);
  }
  await world.stop(g1, g2);
});

test('AV-13 AV-A19: G1 begins, on port 4500', async () => {
  const { world, g1, g2 } = await twoGateways();
  await world.meet(g1, g2);
  const [first] = world.ike.network.captured;
  assert.equal([first!.from.address, first!.from.port], [g1.address, 4500]);
  assert.is(first!.to.port, 4500);
  await world.stop(g1, g2);
});

test('AV-40 AV-107 AV-108 AV-109 AV-A4 AV-A7: the octets of Nonce-R, in the first request alone', async () => {
  const { world, g1, g2 } = await twoGateways();
  const path = world.prove(g1, g2);
  assert.ok((await world.ike.until(g1.begin(world.wish(g1, path)))).ok);
  const all = [Exchange.IKE_SA_INIT, Exchange.IKE_AUTH].flatMap((exchange) =>
    [false, true].flatMap((isResponse) => messages(world, g1, exchange, isResponse)),
  );
  assert.equal(
    all.map((payloads) => bodies(payloads, NONCE).map(toHex)),
    [[toHex(path.nonceR)], [], [], []],
  );
  const wire = toHex(world.ike.network.captured[0]!.bytes);
  // Flags 0, length with the header of four octets
  assert.match(wire, `0040${toHex(path.nonceR)}`);
  await world.stop(g1, g2);
});

test('AV-A8: both announce themselves by Vendor ID', async () => {
  const { world, g1, g2 } = await twoGateways();
  await world.meet(g1, g2);
  for (const isResponse of [false, true]) {
    const [init] = messages(world, g1, Exchange.IKE_SA_INIT, isResponse);
    assert.equal(
      findAll(init!, 'V').map(({ data }) => toHex(data)),
      [vendor],
    );
  }
  await world.stop(g1, g2);
});

test('AV-A8: without Vendor ID in the answer there are no Contact Details', async () => {
  const { world, g1, g2 } = await twoGateways({}, { options: { ikeVendorId: '00'.repeat(8) } });
  assert.ok((await world.meet(g1, g2)).ok);
  for (const isResponse of [false, true])
    assert.equal(bodies(messages(world, g1, Exchange.IKE_AUTH, isResponse)[0]!, CONTACT), []);
  await world.stop(g1, g2);
});

test('AV-111 AV-112 AV-113 AV-A5: Contact Details both ways, as they were written', async () => {
  const text = 'Gerät der Familie Ö., ☎ 0123 / 日本語';
  const { world, g1, g2 } = await twoGateways({ options: { contactDetails: text } });
  await world.meet(g1, g2);
  const [request] = messages(world, g1, Exchange.IKE_AUTH, false);
  const [response] = messages(world, g1, Exchange.IKE_AUTH, true);
  assert.equal(bodies(request!, CONTACT).map(fromUtf8), [text]);
  assert.match(fromUtf8(bodies(response!, CONTACT)[0]!), 'fingerprint');
  assert.is((await g2.peer(g1))?.contact, text);
  assert.match((await g1.peer(g2))!.contact, 'fingerprint');
  await world.stop(g1, g2);
});

test('AV-112: none without a text', async () => {
  const { world, g1, g2 } = await twoGateways({ options: { contactDetails: '' } });
  await world.meet(g1, g2);
  assert.equal(bodies(messages(world, g1, Exchange.IKE_AUTH, false)[0]!, CONTACT), []);
  assert.is((await g2.peer(g1))?.contact, '');
  await world.stop(g1, g2);
});

test('AV-101 AV-A31: certificates and signatures both ways, under the name in the certificate', async () => {
  const { world, g1, g2 } = await twoGateways();
  await world.meet(g1, g2);
  for (const [isResponse, kind] of [
    [false, 'IDi'],
    [true, 'IDr'],
  ] as const) {
    const [auth] = messages(world, g1, Exchange.IKE_AUTH, isResponse);
    const identity = find(auth!, kind)!;
    assert.is(identity.idType, IdType.ID_DER_ASN1_DN);
    const [certificate] = findAll(auth!, 'CERT');
    assert.is(certificate?.encoding, 4);
    assert.match(toHex(certificate!.data), toHex(identity.data));
    assert.is(find(auth!, 'AUTH')!.method, 14);
  }
  await world.stop(g1, g2);
});

test('AV-102 AV-103 AV-104: ESP in tunnel mode, one address each side, that of the path', async () => {
  const { world, g1, g2 } = await twoGateways();
  await world.meet(g1, g2);
  for (const isResponse of [false, true]) {
    const [auth] = messages(world, g1, Exchange.IKE_AUTH, isResponse);
    assert.ok(find(auth!, 'SA')!.proposals.every(({ protocol }) => protocol === 3));
    for (const type of [NotifyType.USE_TRANSPORT_MODE, NotifyType.IPCOMP_SUPPORTED])
      assert.is(findNotify(auth!, type), undefined);
    for (const [kind, host] of [
      ['TSi', h1],
      ['TSr', h2],
    ] as const)
      assert.equal(
        find(auth!, kind)!.selectors.map(({ range }) => [...range].join('.')),
        [`${host}.${host}`],
      );
  }
  const { sa } = g2.end.installed[0]!;
  assert.equal(
    [sa.mode, formatPrefix(sa.ours.prefix), formatPrefix(sa.theirs.prefix)],
    ['tunnel', `${h2}/32`, `${h1}/32`],
  );
  await world.stop(g1, g2);
});

test('AV-29 AV-110: the tunnel is for all traffic of the pair, and the log ties it to it', async () => {
  const { world, g1, g2 } = await twoGateways();
  await world.meet(g1, g2);
  const { ours, theirs } = g1.end.installed[0]!.sa;
  assert.equal([ours.protocol, ours.startPort, ours.endPort], [0, 0, 65_535]);
  assert.equal([theirs.protocol, theirs.startPort, theirs.endPort], [0, 0, 65_535]);
  assert.ok(g2.lines.some((line) => line.includes(`calls for ${h1} to ${h2}`)));
  await world.stop(g1, g2);
});

const other = address('203.0.113.81');

test('AV-105: G2 refuses another pair than that of the path', async () => {
  const { world, g1, g2 } = await twoGateways();
  const wish = world.wish(g1, world.prove(g1, g2));
  const more = { theirs: { address: other, length: 32 } };
  const result = await world.ike.until(g1.begin({ ...wish, ...more }));
  assert.match(reasonOf(result), 'TS_UNACCEPTABLE');
  assert.is(g2.end.installed.length, 0);
  await world.stop(g1, g2);
});

test('AV-105: G1 refuses an answer that is not the pair of the path', async () => {
  const { world, g1, g2 } = await twoGateways();
  const wish = world.wish(g1, world.prove(g1, g2));
  // A responder that was never told what the pair is takes a wide proposal and narrows it as it likes
  g2.book.claim = () => ({
    ok: true,
    path: {
      ...world.prove(g1, g2, h1, other),
      role: 'responder',
      pair: { ours: other, theirs: h1 },
    },
  });
  const result = await world.ike.until(g1.begin(wish));
  assert.ok(!result.ok);
  assert.equal([g1.end.installed, g2.end.installed], [[], []]);
  await world.stop(g1, g2);
});

test('AV-31 AV-A28: a nonce that is none of ours is met with silence', async () => {
  const { world, g1, g2 } = await twoGateways();
  const path = { ...world.prove(g1, g2), nonceR: new Uint8Array(16).fill(9) };
  const result = await world.ike.until(g1.begin(world.wish(g1, path)));
  assert.is(!result.ok && result.failure.kind, 'silent');
  assert.ok(world.ike.network.captured.every(({ from }) => from.address === g1.address));
  assert.ok(g2.end.counter('vetoes') > 0);
  await world.stop(g1, g2);
});

for (const length of [0, 7, 65])
  test(`AV-109 AV-A28: a nonce of ${length} octets is met with silence`, async () => {
    const { world, g1, g2 } = await twoGateways();
    const path = { ...world.prove(g1, g2), nonceR: new Uint8Array(length) };
    assert.ok(!(await world.ike.until(g1.begin(world.wish(g1, path)))).ok);
    assert.ok(world.ike.network.captured.every(({ from }) => from.address === g1.address));
    await world.stop(g1, g2);
  });

test('AV-A28: with unknown_nonce plain it is a call as any other', async () => {
  const { world, g1, g2 } = await twoGateways({}, { options: { unknownNonce: 'plain' } });
  const path = { ...world.prove(g1, g2), nonceR: new Uint8Array(16).fill(9) };
  const result = await world.ike.until(g1.begin(world.wish(g1, path)));
  // It is answered, and proves nothing that AutoVPN takes
  assert.is(!result.ok && result.failure.kind, 'refused');
  assert.ok(g2.end.lines.some((line) => line.includes('without a proven path')));
  await world.stop(g1, g2);
});

test('AV-A29: the nonce comes again with a cookie, and with another group', async () => {
  const { world, g1, g2 } = await twoGateways(
    {},
    {
      ike: {
        limits: { cookieThreshold: 0 },
        preferences: { groups: defaultPreferences.groups.slice(1, 2) },
      },
    },
  );
  const path = world.prove(g1, g2);
  assert.ok((await world.ike.until(g1.begin(world.wish(g1, path)))).ok);
  const requests = messages(world, g1, Exchange.IKE_SA_INIT, false);
  assert.is(requests.length, 3);
  assert.ok(requests.every((each) => toHex(bodies(each, NONCE)[0]!) === toHex(path.nonceR)));
  await world.stop(g1, g2);
});

test('AV-A29: a second IKE SA with the same nonce is refused', async () => {
  const { world, g1, g2 } = await twoGateways();
  const path = world.prove(g1, g2);
  assert.ok((await world.ike.until(g1.begin(world.wish(g1, path)))).ok);
  assert.is((await world.ike.until(g1.begin(world.wish(g1, path)))).ok, false);
  assert.is(g2.end.installed.length, 1);
  await world.stop(g1, g2);
});

test('AV-A30: a second pair has an IKE SA of its own, and neither ends the other', async () => {
  const { world, g1, g2 } = await twoGateways();
  assert.ok((await world.meet(g1, g2)).ok);
  assert.ok((await world.meet(g1, g2, h1, other)).ok);
  await world.pass(5000);
  assert.equal([sasOf(g1.end).length, sasOf(g2.end).length], [2, 2]);
  assert.equal([g1.end.installed.length, g2.end.installed.length], [2, 2]);
  const auths = sasOf(g1.end).flatMap((sa) =>
    [false, true].flatMap((isResponse) => messages(world, g1, Exchange.IKE_AUTH, isResponse, sa)),
  );
  assert.is(auths.length, 4);
  assert.ok(auths.every((each) => !findNotify(each, NotifyType.INITIAL_CONTACT)));
  assert.is((await g2.peers()).length, 1);
  await world.stop(g1, g2);
});

test('AV-14 AV-110: a caller without a nonce is no peer of AutoVPN', async () => {
  const { world, g1, g2 } = await twoGateways();
  const wish = world.wish(g1, world.prove(g1, g2));
  const result = await world.ike.until(g1.begin({ ...wish, facts: new Map() }));
  assert.is(!result.ok && result.failure.kind, 'refused');
  assert.equal(await g2.peers(), []);
  await world.stop(g1, g2);
});

for (const [what, credential] of [
  ['a pre-shared key', { kind: 'secret', secret: new Uint8Array(32) }],
  ['NULL authentication', { kind: 'null' }],
] as const)
  test(`AV-101: a first meeting with ${what} is refused`, async () => {
    const { world, g1, g2 } = await twoGateways();
    const result = await world.meet(g1, g2, h1, h2, { credential });
    assert.match(reasonOf(result), 'AUTHENTICATION_FAILED');
    assert.equal(await g2.peers(), []);
    await world.stop(g1, g2);
  });

test('AV-164 AV-A4 AV-A5 AV-A6 AV-A8: every number changed at once still works', async () => {
  const options = {
    ikePayloadNonce: 200,
    ikePayloadContact: 255,
    notifySharedSecret: 50_000,
    ikeVendorId: 'ab'.repeat(16),
  };
  const { world, g1, g2 } = await twoGateways({ options }, { options });
  assert.ok((await world.meet(g1, g2)).ok);
  assert.match((await g1.peer(g2))!.contact, 'fingerprint');
  const { id } = (await g1.peer(g2))!;
  assert.equal(await world.ike.until(g1.command('secret', { peer: id })), { agreed: true });
  await world.stop(g1, g2);
});

test('AV-102: an AutoVPN peer that asks for transport mode gets a tunnel', async () => {
  const { world, g1, g2 } = await twoGateways();
  const more = { mode: 'transport' as const };
  assert.ok((await world.meet(g1, g2, g1.address, g2.address, more)).ok);
  const [auth] = messages(world, g1, Exchange.IKE_AUTH, false);
  assert.ok(findNotify(auth!, NotifyType.USE_TRANSPORT_MODE));
  assert.equal(
    [g1, g2].map(({ end }) => end.installed[0]?.sa.mode),
    ['tunnel', 'tunnel'],
  );
  await world.stop(g1, g2);
});

test('AV-133: a peer that is distrusted while it is being answered has nothing afterwards', async () => {
  const { world, g1, g2 } = await twoGateways();
  await world.meet(g1, g2);
  for (const tunnel of g1.tunnels) void g1.end.daemon.close(tunnel);
  await world.pass(700_000);
  const { id } = (await g2.peer(g1))!;
  g2.end.authorize = async () => {
    await g2.command('distrust', { peer: id });
    return { ok: true };
  };
  await world.meet(g1, g2);
  await world.pass(5000);
  assert.equal([g1.end.installed, g2.end.installed], [[], []]);
  await world.stop(g1, g2);
});

const selector = (text: string) => ({
  ...{ prefix: prefix(text), protocol: 0, startPort: 0, endPort: 65_535 },
});

for (const [what, theirs, ours] of [
  ['a block on its side', ['198.51.100.0/24'], [`${h2}/32`]],
  ['two addresses', [`${h1}/32`, '198.51.100.131/32'], [`${h2}/32`]],
  ['a block on our side', [`${h1}/32`], ['203.0.113.0/24']],
] as const)
  test(`AV-105: G2 refuses ${what}, and gives no part of it`, async () => {
    const { world, g1, g2 } = await twoGateways();
    const traffic = { ours: theirs.map(selector), theirs: ours.map(selector) };
    assert.match(reasonOf(await world.meet(g1, g2, h1, h2, { traffic })), 'TS_UNACCEPTABLE');
    assert.is(g2.end.installed.length, 0);
    await world.stop(g1, g2);
  });
