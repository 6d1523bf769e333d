import { utf8 } from '../../../src/core/bytes/text.js';
import type { IkeContext } from '../../../src/core/ike/context.js';
import type { AcceptableProofs, Authentication } from '../../../src/core/ike/credentials.js';
import { fqdnIdentity } from '../../../src/core/ike/identity.js';
import type { IkeDaemonOptions } from '../../../src/core/ike/ike-daemon.js';
import { heedInitialContact } from '../../../src/core/ike/initial-contact.js';
import { findNotify, notifyPayload } from '../../../src/core/ike/payloads/payload.js';
import { NotifyType } from '../../../src/core/ike/registries/notifies.js';
import { makeAuthority, makeCertificate } from '../../support/certificates.js';
import { type IkeEnd, IkeWorld, twoEnds } from '../../support/ike-end.js';
import { openCaptured, sasOf } from '../../support/ike-peer.js';
import { assert, test } from '../../support/test.js';

const IKE_AUTH = 35;

/** Whether INITIAL_CONTACT is in each IKE_AUTH message of `from` that `keeper` has the keys for. */
const contacts = (from: IkeEnd, keeper: IkeEnd): boolean[] =>
  from.world.network.captured
    .filter((one) => one.from.address === from.address && one.bytes[18] === IKE_AUTH)
    .flatMap((one) => {
      const spi = one.bytes.slice(0, 8).join();
      const sa = sasOf(keeper).find((each) => each.keys && each.spiInitiator.join() === spi);
      return sa ? [openCaptured(sa, one)] : [];
    })
    .map((payloads) => findNotify(payloads, NotifyType.INITIAL_CONTACT) !== undefined);

async function connects(
  from: IkeEnd,
  to: IkeEnd,
  pair = {},
  own: Partial<Authentication> = {},
): Promise<void> {
  const result = await from.world.until(from.daemon.connect({ ...from.wish(to, pair), ...own }));
  assert.ok(result.ok, result.ok ? '' : result.failure.why);
}

test('SP-32 initial contact: a restarted peer says so, and its old SAs go at once', async () => {
  const { world, left, right } = await twoEnds();
  await connects(left, right);
  await connects(left, right, { theirs: '10.2.0.9' });
  assert.is(right.installed.length, 2);
  const again = await world.restart(left);
  await connects(again, right);
  await world.clock.advance(100);
  assert.equal(
    right.ended.map(({ why }) => why),
    ['deleted by peer', 'deleted by peer'],
  );
  assert.is(right.installed.length, 1);
  assert.equal(contacts(again, right), [true]);
  await world.stop();
});

test('initial contact: the restarted one answers with it as well', async () => {
  const { world, left, right } = await twoEnds();
  await connects(left, right);
  const again = await world.restart(right);
  await connects(left, again, { theirs: '10.2.0.9' });
  await world.clock.advance(100);
  assert.equal(
    left.ended.map(({ why }) => why),
    ['deleted by peer'],
  );
  await world.stop();
});

test('initial contact: not said while there is another SA with the same peer', async () => {
  const { world, left, right } = await twoEnds();
  await connects(left, right);
  sasOf(left)[0]!.isDoubtful = true; // so that the next wish takes a fresh IKE SA
  await connects(left, right, { theirs: '10.2.0.9' });
  assert.equal(contacts(left, right), [true, false]);
  assert.is(right.installed.length, 2);
  assert.equal(right.ended, []);
  await world.stop();
});

test('SP-32 initial contact: tied to the identity, so that others at the same address stay', async () => {
  const named = (name: string): Partial<IkeDaemonOptions> => ({
    identity: () => fqdnIdentity(name),
  });
  const world = new IkeWorld();
  const one = await world.add('192.0.2.1', named('one.example'));
  const other = await world.add('192.0.2.2', named('other.example'));
  const right = await world.add('198.51.100.1');
  right.keysFor = async () => ({ ok: true, keys: [one.publicKey, other.publicKey] });
  // Both behind one NAT: the other's packets come from the one's address, and an own port.
  const shared = { address: one.address, port: 1024 };
  world.network.path.rewrites = (packet) => {
    if (packet.from.address === other.address)
      return { ...packet, from: { ...shared, port: 40_000 + packet.from.port } };
    if (packet.to.port > 40_000)
      return { ...packet, to: { address: other.address, port: packet.to.port - 40_000 } };
    return packet;
  };
  await connects(one, right);
  await connects(other, right);
  await world.clock.advance(100);
  assert.is(right.installed.length, 2);
  assert.equal(right.ended, []);
  await world.stop();
});

const authority = makeAuthority('CN=Test CA,O=Example');
const secretOf = (name: string) => ({ secret: utf8(`of ${name}`), identity: fqdnIdentity(name) });
const names = ['one.example', 'other.example'];

/** Proofs by which the responder knows both. */
const ofBoth: Record<string, { shown(name: string): Authentication; taken: AcceptableProofs }> = {
  'certificates of one authority': {
    shown(name) {
      const { key, certificate } = makeCertificate({ subject: `CN=${name}`, issuer: authority });
      return { credential: { kind: 'certificate', key, chain: [certificate] } };
    },
    taken: { authorities: [authority.certificate] },
  },
  'secrets of their own': {
    shown: (name) => ({
      credential: { kind: 'secret', secret: secretOf(name).secret },
      ownIdentity: fqdnIdentity(name),
    }),
    taken: { secrets: names.map(secretOf) },
  },
};

for (const [what, { shown, taken }] of Object.entries(ofBoth))
  test(`SP-32 initial contact: of one of two peers with ${what} ends nothing of the other`, async () => {
    const world = new IkeWorld();
    const one = await world.add('192.0.2.1');
    const other = await world.add('192.0.2.2');
    const right = await world.add('198.51.100.1');
    right.keysFor = async () => ({ ok: true, ...taken });
    for (const [end, name] of [[one, names[0]!] as const, [other, names[1]!] as const]) {
      await connects(end, right, {}, shown(name));
      await world.clock.advance(100);
      assert.equal(contacts(end, right), [true]);
    }
    assert.equal([right.installed.length, right.ended], [2, []]);
    await world.stop();
  });

test('initial contact: two calls that cross do not end each other', async () => {
  const { world, left, right } = await twoEnds();
  const both = Promise.all([
    left.daemon.connect(left.wish(right)),
    right.daemon.connect(right.wish(left)),
  ]);
  const results = await world.until(both);
  assert.ok(results.every(({ ok }) => ok));
  await world.clock.advance(1000);
  assert.equal([left.ended.length, right.ended.length], [0, 0]);
  assert.equal([left.installed.length, right.installed.length], [2, 2]);
  await world.stop();
});

test('initial contact: heeded for SAs that stood before the peer began with this one, and no others', async () => {
  const { world, left, right } = await twoEnds();
  await connects(left, right);
  sasOf(left)[0]!.isDoubtful = true;
  await world.clock.advance(1000);
  await connects(left, right, { theirs: '10.2.0.9' });
  const [first, second] = sasOf(right);
  const { context } = right.daemon as unknown as { context: IkeContext };
  const contact = [notifyPayload(NotifyType.INITIAL_CONTACT)];
  heedInitialContact(context, first!, contact);
  assert.equal([first!.state, second!.state], ['ESTABLISHED', 'ESTABLISHED']);
  heedInitialContact(context, second!, contact);
  assert.equal([first!.state, second!.state], ['GONE', 'ESTABLISHED']);
  await world.stop();
});
