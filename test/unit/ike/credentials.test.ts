/** Each way to prove oneself in each direction, and each way to fail at it. */
import { utf8 } from '../../../src/core/bytes/text.js';
import type { AcceptableProofs, Credential } from '../../../src/core/ike/credentials.js';
import { keyIdentity } from '../../../src/core/ike/identity.js';
import { find } from '../../../src/core/ike/payloads/payload.js';
import { type PrivateKey, publicKeyOf } from '../../../src/core/pki/private-key.js';
import { makeAuthority, makeCertificate } from '../../support/certificates.js';
import { type IkeEnd, twoEnds } from '../../support/ike-end.js';
import { openCaptured, sasOf } from '../../support/ike-peer.js';
import { ecdsaKey, ed25519Key, rsaKey } from '../../support/keys.js';
import { assert, test } from '../../support/test.js';

interface Way {
  credential: Credential;
  accepts: AcceptableProofs;
  /** Accepts something of the same kind, but not this. */
  refuses: AcceptableProofs;
}

const secret = (text: string) => ({ secret: utf8(text) });

const authority = makeAuthority('CN=Test CA,O=Example');
const otherAuthority = makeAuthority('CN=Other CA,O=Example');
const between = makeAuthority('CN=Sub CA,O=Example', { issuer: authority });
const gateway = makeCertificate({ subject: 'CN=gw,O=Example', issuer: between });

const byKey = (key: PrivateKey, rsaPadding?: 'pss'): Way => ({
  credential: { kind: 'key', key, ...(rsaPadding ? { rsaPadding } : {}) },
  accepts: { keys: [publicKeyOf(key)] },
  refuses: { keys: [publicKeyOf(ed25519Key(6)), publicKeyOf(ecdsaKey(6))] },
});

const ways: Record<string, Way> = {
  'RSA key': byKey(rsaKey()),
  'RSA-PSS key': byKey(rsaKey(), 'pss'),
  'P-256 key': byKey(ecdsaKey(5)),
  'P-384 key': byKey(ecdsaKey(5, 'ecdsa-p384')),
  certificate: {
    credential: {
      kind: 'certificate',
      key: gateway.key,
      chain: [gateway.certificate, between.certificate, authority.certificate],
    },
    accepts: { authorities: [otherAuthority.certificate, authority.certificate] },
    refuses: { authorities: [otherAuthority.certificate] },
  },
  'unverified certificate': {
    credential: { kind: 'certificate', key: gateway.key, chain: [gateway.certificate] },
    accepts: {
      judgeUnverified: ({ fingerprint }) =>
        fingerprint === gateway.certificate.fingerprint ? { ok: true } : { ok: false, why: 'new' },
    },
    refuses: { judgeUnverified: () => ({ ok: false, why: 'it was another one before' }) },
  },
  key: {
    credential: { kind: 'key', key: ed25519Key(5) },
    accepts: { keys: [publicKeyOf(ed25519Key(6)), publicKeyOf(ed25519Key(5))] },
    refuses: { keys: [publicKeyOf(ed25519Key(6))] },
  },
  secret: {
    credential: { kind: 'secret', ...secret('correct horse') },
    accepts: { secrets: [secret('battery staple'), secret('correct horse')] },
    refuses: { secrets: [secret('correct horsf')] },
  },
  null: {
    credential: { kind: 'null' },
    accepts: { allowsNull: true },
    refuses: { keys: [publicKeyOf(ed25519Key(5))], secrets: [secret('correct horse')] },
  },
};

const proofOf = (way: string): string => (way.endsWith(' key') ? 'key' : way);

/** One tunnel; what left shows, what right takes, and the other way round. */
async function connect(
  left: Credential,
  right: Credential,
  byRight: object,
  byLeft: object,
  prepare: (ends: IkeEnd[]) => void = () => undefined,
) {
  const ends = await twoEnds();
  prepare([ends.left, ends.right]);
  ends.right.keysFor = async () => ({ ok: true, credential: right, ...byRight });
  const { keys: _, ...wish } = ends.left.wish(ends.right);
  const result = await ends.world.until(
    ends.left.daemon.connect({ ...wish, credential: left, ...byLeft }),
  );
  await ends.world.clock.advance(1000);
  return { ...ends, result };
}

for (const [mine, left] of Object.entries(ways))
  for (const [his, right] of Object.entries(ways))
    test(`credentials: ${mine} one way, ${his} the other`, async () => {
      const {
        world,
        result,
        right: end,
      } = await connect(left.credential, right.credential, left.accepts, right.accepts);
      assert.ok(result.ok, JSON.stringify(result));
      assert.is(result.tunnel.peer.proof, proofOf(his));
      assert.is(end.established[0]?.peer.proof, proofOf(mine));
      await world.stop();
    });

const other = byKey(ed25519Key(8));

for (const [what, way] of Object.entries(ways)) {
  test(`credentials: ${what} of a caller that is not good is refused, without a reason`, async () => {
    const { world, result, left, right } = await connect(
      way.credential,
      other.credential,
      way.refuses,
      other.accepts,
    );
    assert.is(!result.ok && result.failure.kind, 'refused');
    assert.is(
      !result.ok && result.failure.why,
      'the peer does not accept our proof (AUTHENTICATION_FAILED)',
    );
    assert.equal([left.events, right.events], [[], []]);
    assert.is(right.counter('peers not authenticated'), 1);
    await world.stop();
  });

  test(`credentials: ${what} of a gateway that is not good is refused`, async () => {
    const { world, result, left, right } = await connect(
      other.credential,
      way.credential,
      other.accepts,
      way.refuses,
    );
    assert.is(!result.ok && result.failure.kind, 'signature');
    assert.equal(left.events, []);
    assert.equal(right.installed, []);
    assert.equal(
      right.ended.map((one) => one.why),
      ['deleted by peer'],
    );
    await world.stop();
  });

  test(`credentials: ${what} is refused where nothing was asked for`, async () => {
    const { world, result } = await connect(way.credential, other.credential, {}, other.accepts);
    assert.is(!result.ok && result.failure.kind, 'refused');
    await world.stop();
  });
}

const somebody = keyIdentity(utf8('somebody'));
const nothing = utf8('');
for (const [what, secrets, shown, isGood] of [
  ['for this identity', [{ ...secret('x'), identity: somebody }], 'x', true],
  ['for another identity', [{ ...secret('x'), identity: keyIdentity(utf8('else')) }], 'x', false],
  [
    'of another identity',
    [
      { ...secret('x'), identity: keyIdentity(utf8('else')) },
      { ...secret('y'), identity: somebody },
    ],
    'x',
    false,
  ],
  ['that is empty', [{ secret: nothing }], '', false],
] as const)
  test(`credentials: a pre-shared key ${what}: ${isGood ? 'good' : 'refused'}`, async () => {
    const credential: Credential = { kind: 'secret', ...secret(shown) };
    const { world, result } = await connect(
      credential,
      other.credential,
      { secrets },
      {
        ...other.accepts,
        ownIdentity: somebody,
      },
    );
    assert.is(result.ok, isGood);
    await world.stop();
  });

/** Takes RFC 7427 from a daemon. */
function makeOld(end: IkeEnd): void {
  const daemon = end.daemon as unknown as { context: { extensions: { all: { name: string }[] } } };
  const { all } = daemon.context.extensions;
  const at = all.findIndex(({ name }) => name === 'signature hashes');
  assert.ok(at >= 0);
  all.splice(at, 1);
}

for (const [what, method] of [
  ['RSA key', 1],
  ['P-256 key', 9],
  ['P-384 key', 10],
  ['certificate of P-256', 9],
] as const)
  test(`credentials: ${what}, where neither knows RFC 7427: method ${method} both ways`, async () => {
    const made = makeCertificate({ subject: 'CN=old', issuer: authority, key: ecdsaKey(12) });
    const certified: Way = {
      credential: { kind: 'certificate', key: made.key, chain: [made.certificate] },
      accepts: { authorities: [authority.certificate] },
      refuses: {},
    };
    const { credential, accepts } = ways[what] ?? certified;
    const { world, result, left } = await connect(
      credential,
      credential,
      accepts,
      accepts,
      (ends) => ends.forEach(makeOld),
    );
    assert.ok(result.ok, JSON.stringify(result));
    const methods = world.network.captured
      .filter(({ bytes }) => bytes[18] === 35)
      .map((packet) => find(openCaptured(sasOf(left)[0]!, packet), 'AUTH')?.method);
    assert.equal(methods, [method, method]);
    await world.stop();
  });

test('credentials: Ed25519 is not shown to a peer that can not know it, with the reason', async () => {
  const { world, result } = await connect(
    other.credential,
    other.credential,
    other.accepts,
    other.accepts,
    ([, right]) => makeOld(right!),
  );
  assert.match(!result.ok ? result.failure.why : '', /the peer did not announce the Identity hash/);
  assert.not(world.network.captured.some(({ bytes }) => bytes[18] === 35));
  await world.stop();
});
