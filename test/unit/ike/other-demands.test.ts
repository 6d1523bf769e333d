/** A tunnel for one wish serves another only with a peer that the other would have taken as well. */
import { utf8 } from '../../../src/core/bytes/text.js';
import type { Authentication } from '../../../src/core/ike/credentials.js';
import { fqdnIdentity } from '../../../src/core/ike/identity.js';
import { publicKeyOf } from '../../../src/core/pki/private-key.js';
import { makeCertificate } from '../../support/certificates.js';
import { type IkeEnd, twoEnds } from '../../support/ike-end.js';
import { ed25519Key } from '../../support/keys.js';
import { assert, test } from '../../support/test.js';

const secret = (text: string) => ({ secret: utf8(text) });
const otherKey = publicKeyOf(ed25519Key(77));

const connect = (left: IkeEnd, right: IkeEnd, demands: Authentication & object, more = {}) => {
  const { keys: _, ...wish } = left.wish(right, more);
  return left.daemon.connect({ ...wish, ...demands });
};

for (const [what, demands] of [
  ['of keys', { keys: [otherKey] }],
  ['of no keys at all', { keys: [] }],
  ['of a secret', { secrets: [secret('battery staple')] }],
] as const)
  test(`other demands: a wish ${what} gets no anonymous tunnel that is under way`, async () => {
    const { world, left, right } = await twoEnds();
    right.keysFor = async () => ({
      ok: true,
      keys: [left.publicKey],
      credential: { kind: 'null' },
    });
    const both = [connect(left, right, { allowsNull: true }), connect(left, right, demands)];
    const [anyone, demanding] = await world.until(Promise.all(both));
    assert.ok(anyone?.ok);
    assert.ok(demanding && !demanding.ok && demanding.failure.kind === 'signature');
    await world.stop();
  });

test('other demands: an identity counts for a wish that comes second', async () => {
  const { world, left, right } = await twoEnds();
  const keys = [right.publicKey];
  const both = [
    connect(left, right, { keys }),
    left.daemon.connect({ ...left.wish(right), identity: fqdnIdentity('gw.example.org') }),
  ];
  const [anyone, demanding] = await world.until(Promise.all(both));
  assert.ok(anyone?.ok);
  assert.ok(demanding && !demanding.ok && demanding.failure.kind === 'signature');
  await world.stop();
});

test('other demands: a certificate that the same judge took serves both wishes', async () => {
  const made = makeCertificate({ subject: 'CN=gw,O=Example' });
  const { world, left, right } = await twoEnds();
  right.keysFor = async () => ({
    ok: true,
    keys: [left.publicKey],
    credential: { kind: 'certificate', key: made.key, chain: [made.certificate] },
  });
  const judgeUnverified = () => ({ ok: true }) as const;
  const both = [1, 2].map(() => connect(left, right, { judgeUnverified }));
  const results = await world.until(Promise.all(both));
  assert.is(new Set(results.map((one) => one.ok && one.tunnel.id)).size, 1);
  assert.ok(results[0]?.ok);
  await world.stop();
});

test('other demands: an IKE SA under one secret does not serve a wish for another one', async () => {
  const { world, left, right } = await twoEnds();
  right.keysFor = async () => ({
    ok: true,
    keys: [left.publicKey],
    credential: { kind: 'secret', ...secret('correct horse') },
  });
  const wished = (text: string, theirs: string) =>
    world.until(connect(left, right, { secrets: [secret(text)] }, { theirs }));
  assert.ok((await wished('correct horse', '10.2.0.5')).ok);
  assert.not.ok((await wished('battery staple', '10.2.0.6')).ok);
  assert.ok((await wished('correct horse', '10.2.0.7')).ok);
  assert.is(left.counter('IKE SAs'), 2);
  await world.stop();
});
