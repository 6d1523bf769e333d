// Verdicts about peers, and conflicts, as they show in IKE between two gateways.
import { authorityFile, certificateFor } from '../../support/autovpn-certificates.js';
import {
  type AutovpnGateway,
  type AutovpnWorld,
  h1,
  h2,
  reasonOf,
  twoGateways,
} from '../../support/autovpn-end.js';
import { makeAuthority } from '../../support/certificates.js';
import { ed25519Key } from '../../support/keys.js';
import { assert, test } from '../../support/test.js';
import { MemoryFiles } from '../../support/test-platform.js';

const idOf = async (at: AutovpnGateway, other: AutovpnGateway) => (await at.peer(other))!.id;

/** It has heard AUTHENTICATION_FAILED from whom it had answered (RFC 7296 §2.21.2). */
const wasRejected = ({ end }: AutovpnGateway): boolean =>
  end.lines.some((line) => line.includes('the peer does not accept our proof'));

test('AV-2 AV-135: the same peer is recognised weeks later, from another address', async () => {
  const { world, g1, g2 } = await twoGateways();
  await world.meet(g1, g2);
  const { firstSeen } = (await g2.peer(g1))!;
  for (const tunnel of g1.tunnels) void g1.end.daemon.close(tunnel);
  await world.pass(20 * 86_400_000);
  const { key, files } = g1;
  g1.association.stop();
  const moved = await world.gateway('198.51.100.99', { key, files });
  assert.ok((await world.meet(moved, g2)).ok);
  const peers = await g2.peers();
  assert.equal(
    [peers.length, peers[0]!.firstSeen, peers[0]!.address],
    [1, firstSeen, moved.address],
  );
  await world.stop(moved, g2);
});

test('AV-136: another certificate from a known address is another peer', async () => {
  const { world, g1, g2 } = await twoGateways();
  await world.meet(g1, g2);
  const other = await world.replace(g1, { key: ed25519Key(91), files: new MemoryFiles() });
  assert.ok((await world.meet(other, g2)).ok);
  assert.is((await g2.peers()).length, 2);
  await world.stop(other, g2);
});

test('AV-3 AV-128 AV-A35: a person raises a peer to Trusted, with its fingerprint', async () => {
  const { world, g1, g2 } = await twoGateways();
  await world.meet(g1, g2);
  const peer = await idOf(g1, g2);
  const { fingerprint } = await g2.own();
  const attempt = (typed: unknown) =>
    g1.command('trust', { peer, fingerprint: typed }).catch((error: Error) => error.message);
  for (const typed of [
    undefined,
    '',
    'yes',
    fingerprint.slice(0, 16),
    fingerprint.slice(-14),
    `00${fingerprint}`,
  ])
    assert.match(String(await attempt(typed)), 'not the fingerprint');
  assert.match(String(await attempt(7)), 'must be text');
  assert.is((await g1.peer(g2))!.state, 'Unverified');
  const grouped = fingerprint.toUpperCase().replace(/..(?=.)/g, '$&:');
  assert.equal(await attempt(grouped), { trusted: true });
  const { state, trustedBy } = (await g1.peer(g2))!;
  assert.equal([state, trustedBy], ['Trusted', 'person']);
  assert.equal(await attempt(fingerprint.slice(-16)), { trusted: true });
  await world.stop(g1, g2);
});

for (const [what, mark] of [
  ['AV-123 AV-128 AV-134: marked Untrusted', 'distrust'],
  ['AV-134: removed', 'remove'],
] as const)
  test(`${what}, its tunnels end and its PAD entry goes`, async () => {
    const { world, g1, g2 } = await twoGateways();
    await world.meet(g1, g2);
    const result = await g2.command(mark, { peer: await idOf(g2, g1), reason: 'no' });
    assert.is((result as { ended: number }).ended, 1);
    await world.pass(5000);
    assert.equal([g1.end.installed, g2.end.installed], [[], []]);
    assert.is((await g2.peer(g1))?.hasPadEntry ?? false, false);
    await world.stop(g1, g2);
  });

test('AV-133: an Untrusted peer that calls is refused', async () => {
  const { world, g1, g2 } = await twoGateways();
  await world.meet(g1, g2);
  await g2.command('distrust', { peer: await idOf(g2, g1) });
  await world.pass(5000);
  const result = await world.meet(g1, g2);
  assert.match(reasonOf(result), 'AUTHENTICATION_FAILED');
  assert.equal([g1.end.installed, g2.end.installed], [[], []]);
  await world.stop(g1, g2);
});

test('AV-133: an Untrusted peer that we call, at an address that was not its own, is refused', async () => {
  const { world, g1, g2 } = await twoGateways();
  await world.meet(g1, g2);
  await g1.command('distrust', { peer: await idOf(g1, g2) });
  await world.pass(5000);
  const elsewhere = h2.replace(/80$/, '90') as typeof h2;
  const result = await world.meet(g1, g2, h1, elsewhere);
  assert.is(!result.ok && result.failure.kind, 'signature');
  await world.pass(5000);
  assert.ok(wasRejected(g2));
  assert.equal([g1.end.installed, g2.end.installed], [[], []]);
  await world.stop(g1, g2);
});

test('AV-89: no probe for an address of a peer that is Untrusted', async () => {
  const { world, g1, g2 } = await twoGateways();
  await world.meet(g1, g2);
  const pair = { ours: h1, theirs: h2 };
  assert.is(g1.association.refuses(pair), undefined);
  await g1.command('distrust', { peer: await idOf(g1, g2) });
  assert.match(g1.association.refuses(pair)!, 'Untrusted');
  await world.stop(g1, g2);
});

/** A gateway with another key under the name of `of`. */
async function impostor(world: AutovpnWorld, of: AutovpnGateway) {
  const { name } = await of.own();
  const key = ed25519Key(66);
  const files = new MemoryFiles();
  files.content.set('/etc/autoipsec/certificate.pem', certificateFor(name, key));
  return world.replace(of, { key, files });
}

test('AV-2 AV-149 AV-150: another certificate with a known name is refused, as responder', async () => {
  const { world, g1, g2 } = await twoGateways();
  await world.meet(g1, g2);
  const before = (await g2.peer(g1))!;
  const false1 = await impostor(world, g1);
  assert.match(reasonOf(await world.meet(false1, g2)), 'AUTHENTICATION_FAILED');
  const after = (await g2.peer(g1))!;
  assert.equal([after.fingerprint, after.state], [before.fingerprint, before.state]);
  assert.equal(after.conflict?.fingerprint, (await false1.own()).fingerprint);
  assert.match(g2.association.warnings().join(), 'somebody pretends to be it');
  assert.ok(
    g2.lines.some((line) => line.startsWith('warning') && line.includes('another certificate')),
  );
  await world.stop(false1, g2);
});

test('AV-150: the same in the answer, as initiator', async () => {
  const { world, g1, g2 } = await twoGateways();
  await world.meet(g1, g2);
  const false2 = await impostor(world, g2);
  const result = await world.meet(g1, false2);
  assert.is(!result.ok && result.failure.kind, 'signature');
  await world.pass(5000);
  assert.ok(wasRejected(false2));
  assert.equal([g1.end.installed, false2.end.installed], [[], []]);
  assert.ok((await g1.peers())[0]!.conflict);
  await world.stop(g1, false2);
});

test('AV-150: nobody raises an alarm with a certificate whose key he has not', async () => {
  const { world, g1, g2 } = await twoGateways();
  await world.meet(g1, g2);
  const false1 = await impostor(world, g1);
  const wish = world.wish(false1, world.prove(false1, g2));
  const credential = { ...wish.credential, key: ed25519Key(5) } as NonNullable<
    typeof wish.credential
  >;
  await world.ike.until(false1.begin({ ...wish, credential }));
  assert.is((await g2.peers())[0]!.conflict, undefined);
  await world.stop(false1, g2);
});

const authority = makeAuthority('CN=A CA,O=Trusted');

/** G1 with a certificate of the authority. */
function vouched(key = ed25519Key(55), subject = 'CN=gw1,O=Member') {
  const files = new MemoryFiles();
  files.content.set('/etc/autoipsec/certificate.pem', certificateFor(subject, key, authority));
  return { key, files };
}

const relying = () => {
  const files = new MemoryFiles();
  files.content.set('/etc/ca.pem', authorityFile(authority));
  return { files, options: { authorities: ['/etc/ca.pem'] } };
};

test('AV-122 AV-126: a certificate of an authority that is trusted makes a peer Trusted at once', async () => {
  const { world, g1, g2 } = await twoGateways(vouched(), relying());
  assert.ok((await world.meet(g1, g2)).ok);
  const { state, trustedBy } = (await g2.peer(g1))!;
  assert.equal([state, trustedBy], ['Trusted', 'authority']);
  assert.is((await g1.peer(g2))!.state, 'Unverified');
  assert.is(g2.association.trustIn(g2.tunnels[0]!), 'authority');
  await world.stop(g1, g2);
});

test('AV-149 AV-150: an authority does not vouch for a second certificate with a name', async () => {
  const { world, g1, g2 } = await twoGateways(vouched(), relying());
  await world.meet(g1, g2);
  const other = await world.replace(g1, vouched(ed25519Key(56)));
  assert.match(reasonOf(await world.meet(other, g2)), 'AUTHENTICATION_FAILED');
  assert.ok((await g2.peers())[0]!.conflict);
  await world.stop(other, g2);
});

test('AV-130: a revoked certificate is refused in the exchange, and no entry is made', async () => {
  const key = ed25519Key(41);
  const { world, g1, g2 } = await twoGateways({ key });
  const { fingerprint } = await g1.own();
  const strict = await world.replace(g2, { options: { revoked: [fingerprint] } });
  assert.match(reasonOf(await world.meet(g1, strict)), 'AUTHENTICATION_FAILED');
  assert.equal(await strict.peers(), []);
  await world.stop(g1, strict);
});

test('AV-124 AV-129: AutoVPN does not deal with a peer that is Managed', async () => {
  const { world, g1, g2 } = await twoGateways();
  const own = g1.files.content.get('/etc/autoipsec/certificate.pem')!;
  g2.files.content.set('/etc/member.pem', own);
  const managing = await world.replace(g2, { options: { managed: ['/etc/member.pem'] } });
  assert.is((await managing.peer(g1))!.state, 'Managed');
  assert.match(reasonOf(await world.meet(g1, managing)), 'AUTHENTICATION_FAILED');
  const mark = managing.command('distrust', { peer: await idOf(managing, g1) });
  assert.match(String(await mark.catch((error: Error) => error.message)), 'managed');
  await world.stop(g1, managing);
});

test('AV-4 AV-117: the list shows each peer whole', async () => {
  const { world, g1, g2 } = await twoGateways();
  await world.meet(g1, g2);
  const [peer] = await g2.peers();
  assert.equal(
    { ...peer, id: '', contact: '', firstSeen: 0, lastSeen: 0 },
    {
      id: '',
      name: (await g1.own()).name,
      fingerprint: (await g1.own()).fingerprint,
      state: 'Unverified',
      address: g1.address,
      contact: '',
      firstSeen: 0,
      lastSeen: 0,
      hasSecret: false,
      authentication: 'certificate',
      hasPadEntry: true,
      addresses: [h1],
      tunnels: 1,
    },
  );
  assert.is(g2.association.trustIn(g2.tunnels[0]!), 'first contact');
  await g2.command('trust', { peer: peer!.id, fingerprint: peer!.fingerprint });
  assert.is(g2.association.trustIn(g2.tunnels[0]!), 'fingerprint');
  await world.stop(g1, g2);
});

test('AV-158: one peer with several addresses', async () => {
  const { world, g1, g2 } = await twoGateways();
  const second = h1.replace(/130$/, '131') as typeof h1;
  await world.meet(g1, g2);
  await world.meet(g1, g2, second, h2);
  assert.equal((await g2.peer(g1))!.addresses, [h1, second]);
  await world.stop(g1, g2);
});

test('AV-9: key and certificate outlive the daemon, and so does the name', async () => {
  const { world, g1, g2 } = await twoGateways();
  const before = await g1.own();
  assert.match(before.name, /^CN=autovpn-[0-9a-f]{24}$/);
  const again = await world.replace(g1);
  assert.equal(await again.own(), before);
  assert.is.not((await g2.own()).name, before.name);
  assert.is(again.files.content.get('/etc/autoipsec/certificate.pem')?.mode, 0o600);
  await world.stop(again, g2);
});

test('AV-154 AV-A41: the fallback follows trust, and only an act of a person blocks by default', async () => {
  const { world, g1, g2 } = await twoGateways(vouched(), relying());
  const at2 = () => g2.association.fallback(h1);
  const at1 = () => g1.association.fallback(h2);
  assert.equal([at1(), at2()], ['allow', 'allow']);
  await world.meet(g1, g2);
  // Unverified here, by an authority there
  assert.equal([at1(), at2()], ['allow', 'allow']);
  const { fingerprint } = await g2.own();
  await g1.command('trust', { peer: await idOf(g1, g2), fingerprint });
  assert.is(at1(), 'block');
  assert.is(g1.association.fallback(h1), 'allow');
  await g1.command('distrust', { peer: await idOf(g1, g2) });
  assert.is(at1(), 'allow');
  await world.stop(g1, g2);
});

for (const [option, prepare] of [
  ['fallbackUnknown', async () => undefined],
  [
    'fallbackUnverified',
    (world: AutovpnWorld, g1: AutovpnGateway, g2: AutovpnGateway) => world.meet(g1, g2),
  ],
] as const)
  test(`AV-154 AV-A41: ${option} block`, async () => {
    const { world, g1, g2 } = await twoGateways({ options: { [option]: 'block' } });
    await prepare(world, g1, g2);
    assert.is(g1.association.fallback(h2), 'block');
    await world.stop(g1, g2);
  });

test('AV-159 AV-160: a tunnel that the peer began may be renewed by us, as long as the peer is known', async () => {
  const { world, g1, g2 } = await twoGateways();
  await world.meet(g1, g2);
  const [tunnel] = g2.tunnels;
  const { peer, installed } = tunnel!;
  const claim = { ...peer, local: g2.address, ours: installed.sa.ours.prefix };
  const asked = () => [
    g2.association.keysFor(claim).kind,
    g2.association.authorizes({ ...claim, client: installed.sa.theirs.prefix, isBehindNat: false })
      .kind,
    g2.association.authorizes({ ...claim, client: installed.sa.ours.prefix, isBehindNat: false })
      .kind,
    g2.association.renews(tunnel!),
  ];
  assert.equal(asked(), ['keys', 'granted', 'refused', true]);
  await g2.command('remove', { peer: await idOf(g2, g1) });
  assert.equal(asked(), ['refused', 'refused', 'refused', false]);
  await world.stop(g1, g2);
});

for (const side of ['initiator', 'responder'] as const)
  test(`AV-155: clear until verified, as ${side}: they meet, and a tunnel comes with the verdict`, async () => {
    const options = { unverified: 'clear' as const };
    const isLeft = side === 'initiator';
    const { world, g1, g2 } = await twoGateways(
      isLeft ? { options } : {},
      isLeft ? {} : { options },
    );
    const [at, other, pair] = isLeft
      ? [g1, g2, { ours: h1, theirs: h2 }]
      : [g2, g1, { ours: h2, theirs: h1 }];
    assert.match(reasonOf(await world.meet(g1, g2)), isLeft ? /stays clear until/ : /refuses the/);
    assert.equal([g1.tunnels.length, g2.tunnels.length], [0, 0]);
    assert.is((await at.peer(other))!.state, 'Unverified');
    // Nobody is troubled with probes meanwhile
    assert.match(at.association.refuses(pair) ?? '', /nobody has looked at/);
    const { fingerprint } = await other.own();
    await at.command('trust', { peer: await idOf(at, other), fingerprint });
    assert.is(at.association.refuses(pair), undefined);
    assert.ok((await world.meet(g1, g2)).ok);
    await world.stop(g1, g2);
  });

test('AV-155: whom an authority vouches for has nothing to wait for', async () => {
  const { files, options } = relying();
  const { world, g1, g2 } = await twoGateways(vouched(), {
    ...{ files, options: { ...options, unverified: 'clear' } },
  });
  assert.ok((await world.meet(g1, g2)).ok);
  await world.stop(g1, g2);
});
