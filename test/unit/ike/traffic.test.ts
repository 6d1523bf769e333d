// Tunnels for other traffic than one pair of hosts, and transport mode, between two daemons.
import type { TunnelWish } from '../../../src/core/ike/daemon.js';
import type { Extension } from '../../../src/core/ike/extension.js';
import type { ChildSa, Selector } from '../../../src/core/kernel/child-sa.js';
import { formatPrefix, prefix } from '../../../src/core/net/address.js';
import { type IkeEnd, type IkeWorld, twoEnds } from '../../support/ike-end.js';
import { assert, test } from '../../support/test.js';

const net = (text: string, more: Partial<Selector> = {}): Selector => ({
  prefix: prefix(text),
  protocol: 0,
  startPort: 0,
  endPort: 65_535,
  ...more,
});
const traffic = (ours: string, theirs: string) => ({
  ours: ours.split(' ').map((one) => net(one)),
  theirs: theirs.split(' ').map((one) => net(one)),
});

const pairsOf = (sa: ChildSa | undefined): string[] =>
  sa
    ? [sa, ...(sa.furtherTraffic ?? [])].map(
        ({ ours, theirs }) => `${formatPrefix(ours.prefix)} ${formatPrefix(theirs.prefix)}`,
      )
    : [];
const turned = (pairs: string[]) => pairs.map((pair) => pair.split(' ').reverse().join(' '));

interface Ends {
  world: IkeWorld;
  left: IkeEnd;
  right: IkeEnd;
}

const connect = ({ world, left, right }: Ends, more: Partial<TunnelWish> = {}) =>
  world.until(left.daemon.connect({ ...left.wish(right), ...more }));

/** The Child SAs of both ends mirror each other. */
function mirrored({ left, right }: Ends): ChildSa {
  const [one, other] = [left.installed.at(-1)?.sa, right.installed.at(-1)?.sa];
  assert.ok(one && other);
  assert.equal([one!.inbound, one!.outbound], [other!.outbound, other!.inbound]);
  assert.equal([...turned(pairsOf(other))].sort(), [...pairsOf(one)].sort());
  assert.is(one!.mode, other!.mode);
  return one!;
}

test('traffic: a wish for subnets is narrowed to what the responder allows', async () => {
  const ends = await twoEnds();
  ends.right.allowedTraffic = traffic('10.2.0.0/24 10.2.7.0/24', '10.1.0.0/24');
  const wish = { traffic: traffic('10.1.0.0/16', '10.2.0.0/16') };
  assert.ok((await connect(ends, wish)).ok);
  assert.equal(pairsOf(mirrored(ends)), ['10.1.0.0/24 10.2.0.0/24', '10.1.0.0/24 10.2.7.0/24']);
  // Once more within the IKE SA, with a wish of its own.
  const other = { traffic: traffic('10.1.0.5/32 10.1.0.0/24', '10.2.7.9/32') };
  assert.ok((await connect(ends, other)).ok);
  assert.equal(pairsOf(mirrored(ends)), ['10.1.0.0/24 10.2.7.9/32']);
  await ends.world.stop();
});

test('traffic: wishes for different traffic of the same hosts are different wishes', async () => {
  const ends = await twoEnds();
  const { world, left, right } = ends;
  right.allowedTraffic = traffic('10.2.0.0/16', '10.1.0.0/16');
  const ask = (theirs: string) =>
    left.daemon.connect({ ...left.wish(right), traffic: traffic('10.1.0.0/16', theirs) });
  const both = Promise.all([ask('10.2.1.0/24'), ask('10.2.2.0/24')]);
  const [one, other] = await world.until(both);
  assert.ok(one!.ok && other!.ok);
  assert.is(left.installed.length, 2);
  await world.stop();
});

test('traffic: what the responder does not allow is refused', async () => {
  const ends = await twoEnds();
  ends.right.allowedTraffic = traffic('10.2.0.0/24', '10.1.0.0/24');
  const result = await connect(ends, { traffic: traffic('10.9.0.0/24', '10.2.0.0/24') });
  assert.ok(!result.ok && result.failure.why.includes('TS_UNACCEPTABLE'));
  assert.is(ends.right.installed.length, 0);
  await ends.world.stop();
});

test('OE-101 traffic: without a rule of the owner a subnet needs a single pair instead', async () => {
  const ends = await twoEnds();
  const result = await connect(ends, { traffic: traffic('10.1.0.0/24', '10.2.0.0/24') });
  assert.ok(!result.ok && result.failure.why.includes('SINGLE_PAIR_REQUIRED'));
  await ends.world.stop();
});

test('OE-101 traffic: a wish for a pair of hosts takes no part of it', async () => {
  const ends = await twoEnds();
  const onlyWeb = net('198.51.100.1/32', { protocol: 6, startPort: 443, endPort: 443 });
  ends.right.allowedTraffic = { ours: [onlyWeb], theirs: [net('192.0.2.1/32')] };
  const result = await connect(ends);
  assert.ok(!result.ok && result.failure.why.includes('other traffic selectors'));
  await ends.world.clock.advance(1000);
  assert.equal([ends.left.installed.length, ends.right.installed.length], [0, 0]);
  const mayNarrow = { traffic: traffic('192.0.2.1/32', '198.51.100.1/32') };
  assert.ok((await connect(ends, mayNarrow)).ok);
  assert.equal([mirrored(ends).theirs.protocol, mirrored(ends).theirs.startPort], [6, 443]);
  await ends.world.stop();
});

const proposer = (proposed: string, allowed?: string): Extension => ({
  name: 'subnets',
  propose: () => traffic('10.1.0.0/24', proposed),
  allowedTraffic: () => (allowed ? traffic(allowed, '10.1.0.0/16') : undefined),
});

test('traffic: extensions propose and accept selectors of their own', async () => {
  const ends = await twoEnds(
    { extensions: [proposer('10.2.0.0/24')] },
    { extensions: [proposer('', '10.2.0.0/16')] },
  );
  assert.ok((await connect(ends)).ok);
  assert.equal(pairsOf(mirrored(ends)), ['10.1.0.0/24 10.2.0.0/24']);
  await ends.world.stop();
});

test('traffic: an extension that fails is off, and the pair of hosts it is', async () => {
  const bad: Extension = {
    name: 'bad',
    propose: () => {
      throw new Error('thrown by a test');
    },
  };
  const ends = await twoEnds({ extensions: [bad] });
  assert.ok((await connect(ends)).ok);
  assert.equal(pairsOf(mirrored(ends)), ['192.0.2.1/32 198.51.100.1/32']);
  await ends.world.stop();
});

const transport = (more: object = {}) => ({
  ...traffic('198.51.100.1/32', '192.0.2.1/32'),
  mode: 'transport' as const,
  ...more,
});

test('transport mode: asked for and allowed', async () => {
  const ends = await twoEnds();
  ends.right.allowedTraffic = transport();
  assert.ok((await connect(ends, { mode: 'transport' })).ok);
  assert.is(mirrored(ends).mode, 'transport');
  await ends.world.stop();
});

const fallbacks: [string, (ends: Ends) => void, Partial<TunnelWish>][] = [
  ['the responder has no rule for it', () => undefined, { mode: 'transport' }],
  [
    'the responder allows the traffic only',
    ({ right }) => {
      right.allowedTraffic = traffic('198.51.100.1/32', '192.0.2.1/32');
    },
    { mode: 'transport' },
  ],
  [
    'nobody asks for it',
    ({ right }) => {
      right.allowedTraffic = transport();
    },
    {},
  ],
  [
    'it is for hosts behind the ends',
    ({ right }) => {
      right.allowedTraffic = transport(traffic('10.2.0.6/32', '10.1.0.5/32'));
    },
    { mode: 'transport', traffic: traffic('10.1.0.5/32', '10.2.0.6/32') },
  ],
  [
    'a NAT stands between, though it keeps the addresses',
    ({ world, left, right }) => {
      right.allowedTraffic = transport();
      world.network.path.rewrites = ({ from, to, ...packet }) => ({
        ...packet,
        from: from.address === left.address ? { ...from, port: from.port + 1000 } : from,
        to: to.address === left.address ? { ...to, port: to.port - 1000 } : to,
      });
    },
    { mode: 'transport' },
  ],
];
for (const [what, prepare, wish] of fallbacks)
  test(`OE-99 transport mode: tunnel mode where ${what}`, async () => {
    const ends = await twoEnds();
    prepare(ends);
    assert.ok((await connect(ends, wish)).ok);
    assert.is(mirrored(ends).mode, 'tunnel');
    await ends.world.stop();
  });

for (const by of ['left', 'right'] as const)
  test(`transport mode: a rekey by the ${by} one keeps mode and traffic`, async () => {
    const ends = await twoEnds();
    const { world, left, right } = ends;
    right.allowedTraffic = transport();
    left.allowedTraffic = transport(traffic('192.0.2.1/32', '198.51.100.1/32'));
    const result = await connect(ends, { mode: 'transport' });
    assert.ok(result.ok);
    const tunnel = by === 'left' && result.ok ? result.tunnel : right.established[0]!;
    assert.ok((await world.until(ends[by].daemon.rekey(tunnel))).ok);
    await world.clock.advance(5000);
    assert.ok(left.rekeyed.length > 0 && right.rekeyed.length > 0);
    assert.is(mirrored(ends).mode, 'transport');
    await world.stop();
  });

test('traffic: a rekey keeps subnets of any number', async () => {
  const ends = await twoEnds();
  const { world, left, right } = ends;
  right.allowedTraffic = traffic(
    '10.2.0.0/24 10.2.7.0/24 2001:db8:2::/64',
    '10.1.0.0/16 2001:db8:1::/64',
  );
  const wish = { traffic: traffic('10.1.0.0/24 2001:db8:1::/64', '10.2.0.0/16 2001:db8:2::/64') };
  const result = await connect(ends, wish);
  assert.ok(result.ok);
  const before = [...pairsOf(mirrored(ends))].sort();
  assert.is(before.length, 3);
  assert.ok((await world.until(right.daemon.rekey(right.established[0]!))).ok);
  await world.clock.advance(5000);
  assert.ok(left.rekeyed.length > 0);
  assert.equal([...pairsOf(mirrored(ends))].sort(), before);
  await world.stop();
});
