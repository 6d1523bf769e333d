// The shared secret of two gateways: its value, how it is made, and what it changes from then on.
import { fromHex, toHex } from '../../../src/core/bytes/hex.js';
import {
  PRF_HMAC_SHA1,
  PRF_HMAC_SHA2_256,
  PRF_HMAC_SHA2_512,
  prfPlus,
} from '../../../src/core/ike/crypto/prf.js';
import { readMessage } from '../../../src/core/ike/message.js';
import {
  find,
  findNotify,
  notifyPayload,
  writePayload,
} from '../../../src/core/ike/payloads/payload.js';
import { Exchange } from '../../../src/core/ike/registries/exchanges.js';
import { secretLabel } from '../../../src/plugins/autovpn/ike/shared-secret.js';
import {
  type AutovpnGateway,
  type AutovpnWorld,
  type GatewayParts,
  h1,
  h2,
  reasonOf,
  twoGateways,
} from '../../support/autovpn-end.js';
import { openCaptured, sasOf } from '../../support/ike-peer.js';
import { ed25519Key } from '../../support/keys.js';
import { assert, test } from '../../support/test.js';

const counting = (length: number) => Uint8Array.from({ length }, (_, i) => i);

// Vectors of the requirements, section 5.6: SK_d counts from 0
for (const [prf, length, value] of [
  [
    PRF_HMAC_SHA2_256,
    64,
    'a94fdb1a10e3e680c309d7d15a9c20d58519d345923fccbe31ae4ca80b0ae7e51120da4694c8db6d6e787aed9bdc19e7edc65481f60ae4fed189a5d96d421bcb',
  ],
  [PRF_HMAC_SHA1, 20, '6db86a8f1f05e885716ec9127da7176a01bf3030'],
  [
    PRF_HMAC_SHA2_512,
    64,
    '30b0ed831be9b3798965dcd3d625fb00bb76ab55acae4e9148b9e5014f436487675f3334443917cf7bd4d8e0e2b2bf664dc24d507a21eb4787a5d3f9ac233600',
  ],
] as const)
  test(`AV-147 AV-A36: the secret with ${prf.name}`, () => {
    assert.is(toHex(prfPlus(prf, counting(prf.keyLength), secretLabel, length)), value);
  });

test('AV-148: the label has 25 octets of ASCII', () => {
  assert.is(
    toHex(secretLabel),
    '73686172656420736563726574 20666f72 204175746f56504e'.replaceAll(' ', ''),
  );
});

test('AV-114 AV-A6: the notification has no data', () => {
  // Generic header before it: 8 octets in all
  assert.is(toHex(writePayload(notifyPayload(64_840)).body), '0000fd48');
});

/** The secret that a gateway keeps, as its file has it. */
function kept(gateway: AutovpnGateway): string | undefined {
  const file = gateway.files.read('/etc/autoipsec/autovpn-peers');
  const text = file ? String.fromCharCode(...file) : '';
  return /"secret":\{"value":"([0-9a-f]+)"/.exec(text)?.[1];
}

const idOf = async (at: AutovpnGateway, other: AutovpnGateway) => (await at.peer(other))!.id;

const agree = async (world: AutovpnWorld, one: AutovpnGateway, other: AutovpnGateway) =>
  world.ike.until(one.command('secret', { peer: await idOf(one, other) }));

/** Two that have met and agreed on a secret; the tunnels are gone again. */
async function friends(left: GatewayParts = {}, right: GatewayParts = {}) {
  const made = await twoGateways(left, right);
  const { world, g1, g2 } = made;
  assert.ok((await world.meet(g1, g2)).ok);
  await agree(world, g1, g2);
  for (const tunnel of g1.tunnels) void g1.end.daemon.close(tunnel);
  // Until the IKE SA is idle for long enough
  await world.pass(700_000);
  assert.equal([sasOf(g1.end).length, sasOf(g2.end).length], [0, 0]);
  return made;
}

/** AUTH method numbers of the last IKE_AUTH exchange, request first. */
function methods(world: AutovpnWorld, at: AutovpnGateway): (number | undefined)[] {
  const sa = sasOf(at.end).at(-1)!;
  return world.ike.network.captured
    .map((packet) => ({ ...packet, bytes: packet.bytes.slice(4) }))
    .filter(({ bytes }) => {
      const read = readMessage(bytes);
      if (!read.ok || read.value.head.exchange !== Exchange.IKE_AUTH) return false;
      return toHex(read.value.head.spiInitiator) === toHex(sa.spiInitiator);
    })
    .map((packet) => find(openCaptured(sa, packet), 'AUTH')?.method);
}

const SECRET = 2;
const SIGNATURE = 14;

for (const [who, first] of [
  ['initiator', 0],
  ['responder', 1],
] as const)
  test(`AV-115 AV-139 AV-146 AV-A37: the ${who} begins, an hour later, and both have the same`, async () => {
    const { world, g1, g2 } = await twoGateways();
    assert.ok((await world.meet(g1, g2)).ok);
    await world.pass(3_600_000 - 400_000);
    const gateways = [g1, g2] as const;
    const [one, other] = [gateways[first], gateways[1 - first]!];
    assert.equal(await agree(world, one, other), { agreed: true });
    assert.is(kept(g1)?.length, 64);
    assert.is(kept(g1), kept(g2));
    for (const [at, of] of [
      [g1, g2],
      [g2, g1],
    ] as const)
      assert.equal(
        [(await at.peer(of))?.hasSecret, (await at.peer(of))?.state],
        [true, 'Unverified'],
      );
    await world.stop(g1, g2);
  });

test('AV-A37: two requests that cross make one secret', async () => {
  const { world, g1, g2 } = await twoGateways();
  await world.meet(g1, g2);
  const both = [
    g1.command('secret', { peer: await idOf(g1, g2) }),
    g2.command('secret', { peer: await idOf(g2, g1) }),
  ];
  assert.equal(await world.ike.until(Promise.all(both)), [{ agreed: true }, { agreed: true }]);
  assert.is(kept(g1), kept(g2));
  for (const gateway of [g1, g2])
    assert.is(gateway.lines.filter((line) => line.includes('secret agreed with')).length, 1);
  await world.stop(g1, g2);
});

test('AV-A37: the answer repeats the notification', async () => {
  const { world, g1, g2 } = await twoGateways();
  await world.meet(g1, g2);
  const from = world.ike.network.captured.length;
  await agree(world, g1, g2);
  const [sa] = sasOf(g1.end);
  const said = world.ike.network.captured
    .slice(from)
    .map((packet) => openCaptured(sa!, { ...packet, bytes: packet.bytes.slice(4) }))
    .map((payloads) => findNotify(payloads, 64_840)?.data.length);
  assert.equal(said, [0, 0]);
  await world.stop(g1, g2);
});

for (const [isRequired, isAgreed] of [
  [false, true],
  [true, false],
] as const)
  test(`AV-A37: an empty answer with secret_echo_required ${isRequired ? 'on' : 'off'}`, async () => {
    const { world, g1, g2 } = await twoGateways(
      { options: { secretEchoRequired: isRequired } },
      { options: { notifySharedSecret: 64_841 } },
    );
    await world.meet(g1, g2);
    const result = await agree(world, g1, g2).catch((error: Error) => error.message);
    assert.is(typeof result === 'object', isAgreed);
    assert.is(kept(g1) !== undefined, isAgreed);
    await world.stop(g1, g2);
  });

test('AV-A36: secret_length', async () => {
  const options = { secretLength: 48 };
  const { world, g1, g2 } = await twoGateways({ options }, { options });
  await world.meet(g1, g2);
  await agree(world, g1, g2);
  assert.equal([kept(g1)?.length, kept(g1)], [96, kept(g2)]);
  await world.stop(g1, g2);
});

test('AV-139: with shared_secret auto it is made at the first meeting', async () => {
  const { world, g1, g2 } = await twoGateways({ options: { sharedSecret: 'auto' } });
  await world.meet(g1, g2);
  await world.pass(1000);
  assert.ok(kept(g1));
  assert.is(kept(g1), kept(g2));
  await world.stop(g1, g2);
});

for (const direction of ['as before', 'roles exchanged'] as const)
  test(`AV-137 AV-141 AV-142: it is what both prove themselves with from then on, ${direction}`, async () => {
    const { world, g1, g2 } = await friends();
    const [from, to] = direction === 'as before' ? [g1, g2] : [g2, g1];
    const [one, other] = direction === 'as before' ? [h1, h2] : [h2, h1];
    assert.ok((await world.meet(from, to, one, other)).ok);
    assert.equal(methods(world, from), [SECRET, SECRET]);
    await world.stop(g1, g2);
  });

test('AV-142: also where only the gateway is known, for a client never met', async () => {
  const { world, g1, g2 } = await friends();
  const other = h2.replace(/80$/, '99') as typeof h2;
  assert.ok((await world.meet(g1, g2, h1, other)).ok);
  assert.equal(methods(world, g1), [SECRET, SECRET]);
  await world.stop(g1, g2);
});

test('AV-142 AV-A38: a certificate alone is refused from a peer with a secret', async () => {
  const { world, g1, g2 } = await friends();
  const keys = g1.association.authentication;
  // G1 forgets: it comes as at a first meeting
  await g1.command('remove', { peer: await idOf(g1, g2) });
  const result = await world.meet(g1, g2);
  assert.match(reasonOf(result), 'AUTHENTICATION_FAILED');
  assert.ok(g2.end.lines.some((line) => line.includes('a certificate alone does not count')));
  assert.ok(keys);
  await world.stop(g1, g2);
});

test('AV-A38: unless secret_strict is off', async () => {
  const { world, g1, g2 } = await friends({}, { options: { secretStrict: false } });
  await g1.command('remove', { peer: await idOf(g1, g2) });
  assert.ok((await world.meet(g1, g2)).ok);
  assert.equal(methods(world, g1), [SIGNATURE, SIGNATURE]);
  await world.stop(g1, g2);
});

test('AV-140 AV-144: removed on one side it fails, with a word in the log, until the other does too', async () => {
  const { world, g1, g2 } = await friends();
  await g2.command('remove', { peer: await idOf(g2, g1) });
  assert.is(await g2.peer(g1), undefined);
  assert.match(reasonOf(await world.meet(g1, g2)), 'AUTHENTICATION_FAILED');
  assert.ok(g2.end.lines.some((line) => line.includes('a first meeting needs a certificate')));
  await g1.command('remove', { peer: await idOf(g1, g2) });
  assert.is(kept(g1), undefined);
  assert.ok((await world.meet(g1, g2)).ok);
  assert.equal(methods(world, g1), [SIGNATURE, SIGNATURE]);
  await world.stop(g1, g2);
});

test('AV-133 AV-A39: an Untrusted peer is kept out with the secret too', async () => {
  const { world, g1, g2 } = await friends();
  await g2.command('distrust', { peer: await idOf(g2, g1) });
  assert.match(reasonOf(await world.meet(g1, g2)), 'AUTHENTICATION_FAILED');
  assert.equal([g1.end.installed, g2.end.installed], [[], []]);
  await world.stop(g1, g2);
});

test('AV-A39: a secret is not used with a peer that we do not trust', async () => {
  const { world, g1, g2 } = await friends();
  await g1.command('distrust', { peer: await idOf(g1, g2) });
  // Its address is known to be its own: there is no probe, and no call
  assert.throws(() => world.wish(g1, world.prove(g1, g2)), /Untrusted/);
  await world.stop(g1, g2);
});

test('AV-142: a gateway that is another one by now is met with a certificate, the second time', async () => {
  const { world, g1, g2 } = await friends();
  const stranger = await world.replace(g2, { key: ed25519Key(99), files: undefined as never });
  assert.is((await world.meet(g1, stranger)).ok, false);
  assert.ok((await world.meet(g1, stranger)).ok);
  assert.is((await g1.peers()).length, 2);
  await world.stop(g1, stranger);
});

/** G1 with a new certificate for its old name, as when its key was lost. */
async function withNewCertificate(
  world: AutovpnWorld,
  g1: AutovpnGateway,
  more: GatewayParts = {},
) {
  const { name } = await g1.own();
  const { certificateFor } = await import('../../support/autovpn-certificates.js');
  const key = ed25519Key(77);
  g1.files.content.set('/etc/autoipsec/certificate.pem', certificateFor(name, key));
  return world.replace(g1, { key, ...more });
}

test('AV-A40 AV-137: the secret vouches for a new certificate of the same name', async () => {
  const { world, g1, g2 } = await friends();
  const { fingerprint, id } = (await g2.peer(g1))!;
  await g2.command('trust', { peer: id, fingerprint });
  const renewed = await withNewCertificate(world, g1);
  assert.ok((await world.meet(renewed, g2)).ok);
  const peer = (await g2.peer(renewed))!;
  assert.is(peer.fingerprint, (await renewed.own()).fingerprint);
  assert.is.not(peer.fingerprint, fingerprint);
  assert.equal([peer.state, peer.hasSecret, peer.conflict], ['Unverified', true, undefined]);
  assert.ok(g2.lines.some((line) => line.includes('has a new certificate')));
  await world.stop(renewed, g2);
});

test('AV-A40: with secret_rollover off the old certificate stays what is known', async () => {
  const { world, g1, g2 } = await friends({}, { options: { secretRollover: false } });
  const before = (await g2.peer(g1))!.fingerprint;
  const renewed = await withNewCertificate(world, g1);
  assert.ok((await world.meet(renewed, g2)).ok);
  assert.is((await g2.peer(renewed))!.fingerprint, before);
  await world.stop(renewed, g2);
});

test('AV-143: no secret without a tunnel, or with one nobody knows', async () => {
  const { world, g1, g2 } = await friends();
  const again = await agree(world, g1, g2).catch((error: Error) => error.message);
  assert.match(String(again), 'no tunnel stands');
  const nobody = await g1
    .command('secret', { peer: 'abcdef012345' })
    .catch((error: Error) => error.message);
  assert.match(String(nobody), 'no peer');
  await world.stop(g1, g2);
});

test('AV-141: the secret of an earlier name of ours is not used', async () => {
  const { world, g1, g2 } = await friends();
  const files = g1.files;
  files.content.delete('/etc/autoipsec/certificate.pem');
  const other = await world.replace(g1, { key: ed25519Key(78) });
  // It comes with another name and a certificate of it: somebody new
  assert.ok((await world.meet(other, g2)).ok);
  assert.is((await g2.peers()).length, 2);
  await world.stop(other, g2);
});

test('AV-A24: the secret goes to no log line, status or list', async () => {
  const { world, g1, g2 } = await friends();
  const value = kept(g1)!;
  const shown = JSON.stringify([g1.lines, g1.end.lines, await g1.peers(), await g1.own()]);
  assert.is(shown.includes(value), false);
  assert.is(fromHex(value).length, 32);
  await world.stop(g1, g2);
});
