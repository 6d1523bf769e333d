/** Certificates in an IKE SA: what is asked for, shown, believed and refused. */
import { concat, equal } from '../../../src/core/bytes/bytes.js';
import { toHex } from '../../../src/core/bytes/hex.js';
import { utf8 } from '../../../src/core/bytes/text.js';
import type { Credential } from '../../../src/core/ike/credentials.js';
import type { PeerClaim } from '../../../src/core/ike/daemon.js';
import type { Extension } from '../../../src/core/ike/extension.js';
import {
  addressIdentity,
  formatIdentity,
  fqdnIdentity,
  type Identity,
  keyIdentity,
  mailIdentity,
  nameIdentity,
} from '../../../src/core/ike/identity.js';
import type { IkeDaemonOptions } from '../../../src/core/ike/ike-daemon.js';
import { readMessage } from '../../../src/core/ike/message.js';
import { findAll, type Payload } from '../../../src/core/ike/payloads/payload.js';
import { address } from '../../../src/core/net/address.js';
import { SHA1 } from '../../../src/core/pki/hashes.js';
import { publicKeyOf } from '../../../src/core/pki/private-key.js';
import { encodeSpki } from '../../../src/core/pki/subject-public-key-info.js';
import {
  extension,
  type Made,
  makeAuthority,
  makeCertificate,
} from '../../support/certificates.js';
import { type IkeEnd, type IkeWorld, twoEnds } from '../../support/ike-end.js';
import { openCaptured, sasOf } from '../../support/ike-peer.js';
import { rewritePayloads } from '../../support/ike-rewrite.js';
import { ed25519Key } from '../../support/keys.js';
import { assert, test } from '../../support/test.js';

const IKE_AUTH = 35;
const root = makeAuthority('CN=Root,O=Example');
const sub = makeAuthority('CN=Sub,O=Example', { issuer: root });
const left = makeCertificate({ subject: 'CN=left,O=Example', issuer: sub });
const right = makeCertificate({
  subject: 'CN=right,O=Example',
  issuer: root,
  extensions: [extension.names(['gw.example.org'], [Uint8Array.of(198, 51, 100, 1)])],
});
const trusted = { authorities: [root.certificate] };

const shows = (made: Made, ...above: Made[]): Credential => ({
  kind: 'certificate',
  key: made.key,
  chain: [made, ...above].map(({ certificate }) => certificate),
});

/** Both ends have certificates below the same root, unless told otherwise. */
async function ends(
  answer: object = {},
  atLeft: Partial<IkeDaemonOptions> = {},
  atRight: Partial<IkeDaemonOptions> = {},
) {
  const made = await twoEnds(
    { credential: shows(left, sub, root), ...atLeft },
    { credential: shows(right), asksCallersFor: trusted, ...atRight },
  );
  const claims: PeerClaim[] = [];
  made.right.keysFor = async (claim) => {
    claims.push(claim as PeerClaim);
    return { ok: true, ...trusted, ...answer };
  };
  const { keys: _, ...wish } = made.left.wish(made.right);
  const connect = (more: object = {}) =>
    made.world.until(made.left.daemon.connect({ ...wish, ...trusted, ...more }));
  return { ...made, claims, connect };
}

/** What was captured of one kind of message, opened. */
function messages(
  world: IkeWorld,
  end: IkeEnd,
  exchange: number,
  isResponse: boolean,
): Payload[][] {
  return world.network.captured
    .filter(({ bytes }) => {
      const read = readMessage(bytes);
      const head = read.ok ? read.value.head : undefined;
      return head?.exchange === exchange && head.isResponse === isResponse;
    })
    .map((packet) => [...openCaptured(sasOf(end)[0]!, packet)]);
}

const why = (result: Awaited<ReturnType<Awaited<ReturnType<typeof ends>>['connect']>>): string =>
  result.ok ? 'a tunnel' : result.failure.why;

test('certificates: asked for by the hash of the authority, shown without the root', async () => {
  const { world, connect, left: end, claims } = await ends();
  const result = await connect();
  assert.ok(result.ok, JSON.stringify(result));
  const request = {
    kind: 'CERTREQ',
    encoding: 4,
    data: SHA1.compute(root.certificate.spki),
  };
  const [init] = messages(world, end, 34, true);
  assert.equal(findAll(init!, 'CERTREQ'), [request]);
  const [asked] = messages(world, end, IKE_AUTH, false);
  assert.equal(findAll(asked!, 'CERTREQ'), [request]);
  assert.equal(
    findAll(asked!, 'CERT').map(({ encoding, data }) => [encoding, toHex(data)]),
    [left, sub].map(({ certificate }) => [4, toHex(certificate.bytes)]),
  );
  // the order of RFC 7296 §1.2
  assert.equal(
    asked!.slice(0, 5).map(({ kind }) => kind),
    ['IDi', 'CERT', 'CERT', 'CERTREQ', 'AUTH'],
  );
  const [answered] = messages(world, end, IKE_AUTH, true);
  assert.equal(findAll(answered!, 'CERT').length, 1);
  assert.equal(findAll(answered!, 'CERTREQ'), []);
  // what the owner sees of a caller before it is proven
  assert.is(claims.length, 1);
  assert.is(claims[0]?.method, 'signature');
  assert.is(formatIdentity(claims[0]!.identity), 'CN=left,O=Example');
  assert.equal(
    claims[0]?.certificates?.map((one) => one.fingerprint),
    [left, sub].map((one) => one.certificate.fingerprint),
  );
  // and what is known of the peer from then on
  const { peer } = result.tunnel;
  assert.is(peer.proof, 'certificate');
  assert.is(formatIdentity(peer.identity), 'CN=right,O=Example');
  assert.ok(equal(peer.certificate!, right.certificate.bytes));
  assert.is(peer.authority, root.certificate.fingerprint);
  assert.equal(peer.key, right.certificate.key);
  await world.stop();
});

const names: [what: string, shown: Identity, isGood: boolean][] = [
  ['its subject', nameIdentity(right.certificate.subject), true],
  ['a name in it', fqdnIdentity('GW.Example.org'), true],
  ['an address in it', addressIdentity(address('198.51.100.1')), true],
  ['another name', fqdnIdentity('bank.example.org'), false],
  ['its common name', fqdnIdentity('right'), false],
  ['another address', addressIdentity(address('198.51.100.2')), false],
  ['a mailbox', mailIdentity('gw@example.org'), false],
  ['a key id', keyIdentity(utf8('gw.example.org')), false],
  ['nobody', { type: 13, data: new Uint8Array(0) }, false],
];
for (const [what, ownIdentity, isGood] of names)
  test(`certificates: shown under ${what}: ${isGood ? 'good' : 'refused'}`, async () => {
    const { world, connect } = await ends({ ownIdentity });
    const result = await connect();
    assert.is(result.ok, isGood, JSON.stringify(result));
    if (!isGood)
      assert.match(why(result), /certificate of CN=right,O=Example is not in the name of/);
    await world.stop();
  });

test('certificates: the peer is another one than we wanted', async () => {
  const { world, connect, claims } = await ends({ ownIdentity: fqdnIdentity('gw.example.org') });
  const other = await connect({ identity: fqdnIdentity('gw2.example.org') });
  assert.match(why(other), /it is @gw\.example\.org, not @gw2\.example\.org/);
  assert.is(claims[0]?.wanted && formatIdentity(claims[0].wanted), '@gw2.example.org');
  assert.ok((await connect({ identity: fqdnIdentity('gw.example.org.') })).ok);
  await world.stop();
});

test('certificates: a caller in the name of another one is refused, and not told why', async () => {
  const { world, connect, right: end } = await ends();
  const result = await connect({ ownIdentity: fqdnIdentity('bank.example.org') });
  assert.is(why(result), 'the peer does not accept our proof (AUTHENTICATION_FAILED)');
  assert.ok(end.lines.some((line) => /CN=left,O=Example is not in the name of the id/.test(line)));
  await world.stop();
});

test('certificates: one whose key did not sign', async () => {
  const { world, connect } = await ends({ credential: { ...shows(right), key: ed25519Key(77) } });
  assert.match(why(await connect()), /ED25519 signature does not verify/);
  await world.stop();
});

for (const [what, made, reason] of [
  ['has ended', { until: '2022-01-01T00:00:00Z' }, /it ended at 2022-01-01 00:00:00 UTC/],
  ['has not begun', { from: '2030-01-01T00:00:00Z' }, /it begins at 2030-01-01|our clock says/],
  ['is of another authority', { issuer: makeAuthority('CN=Root,O=Example') }, /has not signed/],
  ['is of an unknown authority', { issuer: makeAuthority('CN=X') }, /issuer CN=X is not trusted/],
] as const)
  test(`certificates: one that ${what}`, async () => {
    const own = makeCertificate({ subject: 'CN=right', issuer: root, ...made });
    const { world, connect } = await ends({ credential: shows(own) });
    assert.match(why(await connect()), reason);
    await world.stop();
  });

/** The answer of the right end with other CERT payloads. */
async function withCerts(change: (data: Uint8Array) => Payload[]): Promise<string> {
  const { world, connect, right: end } = await ends();
  rewritePayloads(end, IKE_AUTH, (payload) =>
    payload.kind === 'CERT' ? change(payload.data) : [payload],
  );
  const result = await connect();
  await world.stop();
  return why(result);
}

const cert = (encoding: number, data: Uint8Array): Payload => ({ kind: 'CERT', encoding, data });

test('certificates: what can not be used is refused, with the reason in our log alone', async () => {
  assert.is(await withCerts((data) => [cert(4, data)]), 'a tunnel');
  assert.match(await withCerts(() => []), /no certificate of it/);
  for (const encoding of [12, 13]) {
    const url = concat(new Uint8Array(20), utf8('http://192.0.2.9/x'));
    assert.match(await withCerts(() => [cert(encoding, url)]), /by hash and URL: not fetched/);
  }
  assert.match(await withCerts((data) => [cert(7, data)]), /encoding 7 is not supported/);
  assert.match(await withCerts((data) => [cert(4, data.slice(0, 50))]), /certificate: at byte/);
  const changed = (data: Uint8Array) =>
    data.map((byte, at) => (at === data.length - 5 ? byte ^ 1 : byte));
  assert.match(await withCerts((data) => [cert(4, changed(data))]), /has not signed/);
  // its own comes first
  assert.match(
    await withCerts((data) => [cert(4, root.certificate.bytes), cert(4, data)]),
    /not in the name of/,
  );
  // a crowd around it costs nothing
  assert.is(
    await withCerts((data) => [cert(4, data), ...Array(40).fill(cert(4, data))]),
    'a tunnel',
  );
});

test('certificates: a peer that asks for bare keys alone gets one (RFC 7670)', async () => {
  const asking: Extension = {
    name: 'asking',
    outgoing: (message) =>
      message === 'IKE_SA_INIT response' ? [{ kind: 'CERTREQ', encoding: 15, data: concat() }] : [],
  };
  const key = publicKeyOf(left.key);
  const atRight = { asksCallersFor: {}, extensions: [asking] };
  const {
    world,
    connect,
    left: end,
    right: other,
    claims,
  } = await ends({ keys: [key] }, {}, atRight);
  assert.ok((await connect()).ok);
  const [asked] = messages(world, end, IKE_AUTH, false);
  assert.equal(
    findAll(asked!, 'CERT').map(({ encoding, data }) => [encoding, toHex(data)]),
    [[15, toHex(encodeSpki(key))]],
  );
  assert.equal(claims[0]?.rawKey, key);
  assert.is(other.established[0]?.peer.proof, 'key');
  await world.stop();
});

test('certificates: leap of faith sees who it is, and is not asked for a wrong proof', async () => {
  const seen: string[] = [];
  const own = makeCertificate({ subject: 'CN=stranger' });
  const judging = {
    authorities: [],
    judgeUnverified: ({ fingerprint }: { fingerprint: string }, identity: Identity) => {
      seen.push(`${formatIdentity(identity)} ${fingerprint === own.certificate.fingerprint}`);
      return { ok: true };
    },
  };
  const good = await ends({ credential: shows(own) });
  const result = await good.connect(judging);
  assert.is(result.ok && result.tunnel.peer.proof, 'unverified certificate');
  assert.equal(seen, ['CN=stranger true']);
  const [asked] = messages(good.world, good.left, IKE_AUTH, false);
  assert.equal(findAll(asked!, 'CERTREQ'), [{ kind: 'CERTREQ', encoding: 4, data: concat() }]);
  // taken on faith once is not taken for the next wish without a look
  await good.world.stop();
  for (const wrong of [
    { credential: { ...shows(own), key: ed25519Key(78) } },
    { credential: shows(own), ownIdentity: fqdnIdentity('stranger') },
  ]) {
    const bad = await ends(wrong);
    assert.not((await bad.connect(judging)).ok);
    await bad.world.stop();
  }
  assert.equal(seen.length, 1);
});

test('OE-67 certificates: an IKE SA serves further wishes that would have taken its proof', async () => {
  const { world, connect, left: end } = await ends();
  const more = (theirs: string, proofs: object) =>
    connect({ theirs: { address: theirs, length: 32 }, ...proofs });
  assert.ok((await connect()).ok);
  assert.ok((await more('10.2.0.1', {})).ok);
  assert.is(end.counter('IKE SAs'), 1);
  assert.ok((await more('10.2.0.2', { identity: nameIdentity(right.certificate.subject) })).ok);
  assert.is(end.counter('IKE SAs'), 1);
  const other = { authorities: [makeAuthority('CN=Other').certificate] };
  assert.not((await more('10.2.0.3', other)).ok);
  assert.not((await more('10.2.0.4', { identity: fqdnIdentity('x') })).ok);
  await world.stop();
});

test('certificates: shown beside a pre-shared key, which alone proves the peer', async () => {
  const secret = utf8('correct horse');
  const own = makeCertificate({ subject: 'CN=anew' });
  const { world, connect, right: end } = await ends({ secrets: [{ secret }] });
  const credential = { kind: 'secret', secret, chain: [own.certificate] };
  assert.ok((await connect({ credential })).ok);
  const peer = end.established[0]?.peer;
  assert.is(peer?.proof, 'secret');
  assert.ok(equal(peer!.certificate!, own.certificate.bytes));
  assert.is(peer?.key, undefined);
  await world.stop();
});

test('certificates: a judge that fails has refused', async () => {
  const judgeUnverified = () => {
    throw new Error('thrown by a judge');
  };
  const { world, connect, right: end } = await ends({ authorities: [], judgeUnverified });
  assert.is(why(await connect()), 'the peer does not accept our proof (AUTHENTICATION_FAILED)');
  assert.ok(
    end.lines.some((line) => /^error .*CN=left,O=Example not judged: .*by a judge/.test(line)),
  );
  await world.clock.advance(60_000);
  assert.is(end.counter('IKE SAs'), 0);
  await world.stop();
});
