/** Who may call, and what the one who is called looks at, with whole routers. */
import { concat } from '../../../src/core/bytes/bytes.js';
import type { Payload } from '../../../src/core/ike/payloads/payload.js';
import { address, addressBytes, reverseName } from '../../../src/core/net/address.js';
import { publicKeyOf } from '../../../src/core/pki/private-key.js';
import { rewritePayloads } from '../../support/ike-rewrite.js';
import { ed25519Key } from '../../support/keys.js';
import {
  alice,
  bob,
  carol,
  places,
  type Router,
  RouterWorld,
  twoRouters,
} from '../../support/routers.js';
import { answer, ipseckeyData, keyText, testKey, txt } from '../../support/table-resolver.js';
import { assert, test } from '../../support/test.js';

const IKE_AUTH = 35;

const recordOf = (router: Router) => `IPSECKEY ${reverseName(router.address)}`;
const ownKey = (...numbers: number[]) =>
  answer(numbers.map((each) => ipseckeyData(10, { kind: 'none' }, publicKeyOf(ed25519Key(each)))));

test('OE-58 a caller that nobody configured is served once its key is in the DNS', async () => {
  const { world, sga, sgb } = await twoRouters();
  const key = world.zone[recordOf(sga)]!;
  delete world.zone[recordOf(sga)];
  sga.send({ source: alice, destination: bob });
  await world.pass(300);
  assert.is(sgb.ike.counters()['peers not authenticated'], 1);
  assert.is(sgb.kernel.installed.length, 0);
  world.zone[recordOf(sga)] = key;
  await sga.policy.forget(bob);
  sga.send({ source: alice, destination: bob });
  await world.pass(300);
  assert.equal(sgb.states(), ['keyed']);
  await world.stop();
});

test('SP-6 the key of the address that calls is asked for before it says who it is', async () => {
  const { world, sga, sgb } = await twoRouters();
  world.network.path.loses = ({ bytes }) => bytes[18] === IKE_AUTH;
  sga.send({ source: alice, destination: bob });
  await world.pass(300);
  assert.equal(sgb.dns.questions, [
    `KEY ${reverseName(sga.address)}`,
    `IPSECKEY ${reverseName(sga.address)}`,
  ]);
  world.network.path.loses = undefined;
  await world.pass(2000);
  assert.equal(sgb.states(), ['keyed']);
  await world.stop();
});

test('SP-6 but not while many call', async () => {
  const { world, sga, sgb } = await twoRouters({}, { limits: { foreseenCallers: 0 } });
  world.network.path.loses = ({ bytes }) => bytes[18] === IKE_AUTH;
  sga.send({ source: alice, destination: bob });
  await world.pass(300);
  assert.equal(sgb.dns.questions, []);
  await world.stop();
});

test('OE-83 the records of the client are asked for while the caller is being proven', async () => {
  const { world, sga, sgb } = await twoRouters();
  // from then on: what is asked for before the keys of the caller are known
  let asked: string[] = [];
  const { lookup } = sgb.dns;
  sgb.dns.lookup = (name, type) => {
    const answered = lookup(name, type);
    if (name !== reverseName(sga.address)) return answered;
    return answered.then((result) => {
      asked = [...sgb.dns.questions];
      return result;
    });
  };
  sga.send({ source: alice, destination: bob });
  await world.pass(300);
  assert.equal(sgb.states(), ['keyed']);
  assert.ok(asked.includes(`IPSECKEY ${reverseName(alice)}`), asked.join());
  await world.stop();
});

const badKeys = [
  ['missing', undefined, /no key of 198\.18\.0\.1 in the DNS/],
  ['garbled', answer([Uint8Array.of(10, 0, 4, 1, 2, 3)]), /no key of 198\.18\.0\.1 in the DNS/],
  ['wrong', ownKey(77), /proof of 198\.18\.0\.1 does not hold/],
] as const;
for (const [what, record, reason] of badKeys) {
  test(`OE-60 OE-162 the caller's key is ${what}: a log line, no IKE SA, no tunnel`, async () => {
    const { world, sga, sgb } = await twoRouters();
    if (record) world.zone[recordOf(sga)] = record;
    else delete world.zone[recordOf(sga)];
    sga.send({ source: alice, destination: bob });
    await world.pass(300);
    const told = sgb.lines.filter((line) => /^(info|warning) .*198\.18\.0\.1/.test(line));
    assert.ok(
      told.some((line) => reason.test(line)),
      sgb.lines.join('\n'),
    );
    await world.pass(31_000);
    assert.is(sgb.ike.counters()['IKE SAs'], 0);
    assert.equal([sga.kernel.installed, sgb.kernel.installed], [[], []]);
    await world.stop();
  });
}

test('OE-116 the one who signs changes the key, of those published, and nobody else does anything', async () => {
  const world = new RouterWorld();
  const sgb = await world.router(places.sgb, { key: ed25519Key(50) });
  world.publishGateway(sgb);
  world.publishClient(bob, sgb);
  for (const today of [51, 52]) {
    const sga = await world.router(places.sga, { key: ed25519Key(today) });
    world.zone[recordOf(sga)] = ownKey(51, 52);
    sga.send({ source: sga.address, destination: bob });
    await world.pass(300);
    assert.equal([sga.states(), sgb.states()], [['keyed'], ['keyed']]);
    assert.equal(sgb.policy.connections()[0]?.tunnel?.peer.key, publicKeyOf(ed25519Key(today)));
    await world.end(sga);
    await world.pass(100);
  }
  await world.stop();
});

test('OE-83 while the key of one caller is looked up, the exchange of another goes through', async () => {
  const { world, sga, sgb } = await twoRouters();
  const sgc = await world.router(places.sgc);
  world.publishGateway(sgc);
  world.publishClient(carol, sgc);
  const { lookup } = sgb.dns;
  const slow = reverseName(sga.address);
  sgb.dns.lookup = async (name, type) => {
    if (name === slow) await new Promise<void>((resolve) => world.clock.after(2000, resolve));
    return lookup(name, type);
  };
  sga.send({ source: alice, destination: bob });
  sgc.send({ source: carol, destination: bob });
  await world.pass(500);
  assert.equal([sga.states(), sgc.states()], [['pending'], ['keyed']]);
  await world.pass(2000);
  assert.equal(sga.states(), ['keyed']);
  await world.stop();
});

test('OE-105 OE-108 a router that shows a name calls others, also after its address changed', async () => {
  const world = new RouterWorld();
  const moving = { wan: ['198.18.0.1', '198.18.0.77'], lan: ['192.168.1.0/24'] };
  const configuration = { wan: { fqdn: 'road.example' } };
  const road = await world.router(moving, { configuration });
  const sgb = await world.router(places.sgb);
  world.publishGateway(sgb);
  world.publishClient(bob, sgb);
  world.zone['IPSECKEY road.example'] = ownKey(1);
  const host = '192.168.1.10';
  for (const own of moving.wan) {
    road.wan.addresses = [address(own)];
    road.policy.addressesChanged();
    road.kernel.nat.set(address(host), address(own));
    road.send({ source: host, destination: bob });
    await world.pass(500);
    assert.equal(road.states(), ['keyed']);
    const found = sgb.policy.connections().find((each) => each.destination === own);
    assert.is(found?.state, 'keyed');
    const { connections } = await sgb.status();
    assert.is(
      connections.find((each) => each.destination === own)?.peer?.identity,
      '@road.example',
    );
  }
  await world.stop();
});

test('SP-24 OE-64 who is known by a name gets nothing by the address it calls from', async () => {
  const configuration = { wan: { fqdn: 'road.example' } };
  const { world, sga, sgb } = await twoRouters({ configuration });
  world.zone['IPSECKEY road.example'] = ownKey(1);
  // the gateway that had this address before: its key, and its client's record, are still there
  world.zone[recordOf(sga)] = ownKey(79);
  const gateway = { kind: 'address', address: sga.address } as const;
  const other = publicKeyOf(ed25519Key(79));
  world.zone[`IPSECKEY ${reverseName(alice)}`] = answer([ipseckeyData(10, gateway, other)]);
  sga.send({ source: alice, destination: bob });
  await world.pass(500);
  assert.equal(sga.states(bob), ['clear']);
  assert.is(sgb.kernel.installed.length, 0);
  sga.send({ source: sga.address, destination: bob });
  await world.pass(500);
  assert.equal(
    sgb.kernel.installed.map(({ sa }) => sa.theirs.prefix.address),
    [sga.address],
  );
  await world.stop();
});

const proposals = [
  ['one host in the block', '198.18.1.10', '198.18.1.10', true],
  ['a smaller block within it', '198.18.1.0', '198.18.1.127', false],
  ['the block itself', '198.18.1.0', '198.18.1.255', false],
] as const;
for (const [what, first, last, isGranted] of proposals) {
  test(`SP-5 OE-101 a policy for a block means any host in it: ${what} is ${isGranted ? 'granted' : 'refused'}`, async () => {
    const configuration = {
      wan: { default_class: 'deny' },
      policies: [{ class: 'accept-only', destination: '198.18.1.0/24' }],
    };
    const { world, sga, sgb } = await twoRouters({}, { configuration });
    world.publishClient(address(first), sga);
    const range = concat(addressBytes(address(first)), addressBytes(address(last)));
    const ask = (payload: Payload): Payload[] =>
      payload.kind === 'TSi'
        ? [{ ...payload, selectors: payload.selectors.map((each) => ({ ...each, range })) }]
        : [payload];
    rewritePayloads({ daemon: sga.ike, address: sga.address, world }, IKE_AUTH, ask);
    sga.send({ source: alice, destination: bob });
    await world.pass(5000);
    assert.is(sgb.ike.counters()['peers refused'], isGranted ? 0 : 1);
    assert.is(sgb.kernel.installed.length, isGranted ? 1 : 0);
    await world.stop();
  });
}

test('SP-10 no question for a PTR, A or AAAA record on either side', async () => {
  const { world, sga, sgb } = await twoRouters();
  const text = (router: Router, key: number) =>
    txt(`X-IPsec-Server(10)=${router.address} ${keyText(testKey(key))}`);
  world.zone[`TXT ${reverseName(bob)}`] = answer([text(sgb, 1)]);
  world.zone[`TXT ${reverseName(alice)}`] = answer([text(sga, 2)]);
  sga.send({ source: alice, destination: bob });
  await world.pass(300);
  assert.equal(sga.states(), ['keyed']);
  const types = [...sga.dns.questions, ...sgb.dns.questions].map((each) => each.split(' ')[0]!);
  assert.equal([...new Set(types)].sort(), ['IPSECKEY', 'KEY', 'TXT']);
  await world.stop();
});

const inside = '10.9.9.2';
const outside = '203.0.113.77';

for (const [identity, wan, records, reason] of [
  ['its name', { fqdn: 'road.example' }, ['IPSECKEY road.example'], 'no address beyond a WAN'],
  ['its address', {}, [], 'is not the address 203.0.113.77 it calls from'],
] as const) {
  for (const [name, state] of [
    ['oe-permissive', 'clear'],
    ['oe-paranoid', 'deny'],
  ] as const) {
    test(`OE-137 behind a NAT of others, showing ${identity}, ${name}: ends in ${state}, the reason in both logs`, async () => {
      const world = new RouterWorld();
      const configuration = { wan: { ...wan, default_class: name } };
      const sga = await world.router({ wan: [inside], lan: [] }, { configuration });
      const sgb = await world.router(places.sgb);
      world.publishGateway(sgb);
      world.publishClient(bob, sgb);
      for (const record of records) world.zone[record] = ownKey(1);
      world.network.path.rewrites = (packet) => ({
        ...packet,
        from:
          packet.from.address === inside
            ? { ...packet.from, address: address(outside) }
            : packet.from,
        to: packet.to.address === outside ? { ...packet.to, address: address(inside) } : packet.to,
      });
      sga.send({ source: inside, destination: bob });
      await world.pass(10_000);
      assert.equal([sga.states(), sgb.states()], [[state], []]);
      assert.equal([sga.kernel.installed, sgb.kernel.installed], [[], []]);
      assert.ok(sga.lines.some((line) => line.startsWith('info') && line.includes(`→ ${bob}: `)));
      const refusal = sgb.lines.find((line) => line.startsWith('info') && line.includes(reason));
      assert.ok(refusal, sgb.lines.join('\n'));
      await world.stop();
    });
  }
}

test('OE-140 OE-141 each gateway of a client gets its tunnel, also the one of lesser weight', async () => {
  const world = new RouterWorld();
  const sgb = await world.router(places.sgb);
  const first = await world.router(places.sga);
  const second = await world.router({ wan: ['198.18.0.4'], lan: places.sga.lan });
  for (const router of [first, second, sgb]) world.publishGateway(router);
  world.publishClient(bob, sgb);
  const record = (precedence: number, { address: own, publicKey }: Router) =>
    ipseckeyData(precedence, { kind: 'address', address: own }, publicKey);
  const records = [record(10, first), record(20, second)];
  world.zone[`IPSECKEY ${reverseName(alice)}`] = answer(records);
  for (const gateway of [first, second]) {
    gateway.send({ source: alice, destination: bob });
    await world.pass(500);
    assert.equal(gateway.states(), ['keyed']);
    assert.is(sgb.kernel.installed.at(-1)?.sa.remote, gateway.address);
  }
  await world.stop();
});
