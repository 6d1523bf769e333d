/** The gateways that the records of a destination name, with whole routers. */
import { address, reverseName } from '../../../src/core/net/address.js';
import { publicKeyOf } from '../../../src/core/pki/private-key.js';
import { ed25519Key } from '../../support/keys.js';
import { alice, bob, carol, places, RouterWorld, twoRouters } from '../../support/routers.js';
import { answer, ipseckeyData } from '../../support/table-resolver.js';
import { assert, test } from '../../support/test.js';

test('OE-3 OE-142 one policy, two destinations: the gateway of each is the one in its record', async () => {
  const { world, sga, sgb } = await twoRouters();
  const sgc = await world.router(places.sgc);
  world.publishGateway(sgc);
  world.publishClient(carol, sgc);
  for (const destination of [bob, carol]) sga.send({ source: alice, destination });
  await world.pass(300);
  const outer = sga.kernel.installed.map(({ sa }) => [sa.theirs.prefix.address, sa.remote]);
  assert.equal(outer.sort(), [
    [bob, sgb.address],
    [carol, sgc.address],
  ]);
  const talkedTo = new Set(world.ikePackets().map(({ to }) => to.address));
  assert.not.ok(talkedTo.has(bob) || talkedTo.has(carol));
  await world.stop();
});

test('OE-139 SP-7 OE-99 host and gateway in one: the sequence is the same, but for the question about the client', async () => {
  const { world, sga, sgb } = await twoRouters();
  sga.send({ source: sga.address, destination: bob });
  await world.pass(1);
  assert.equal(sga.fates, []);
  await world.pass(300);
  assert.equal(sga.fates, [`${bob} released`]);
  assert.equal([sga.states(), sgb.states()], [['keyed'], ['keyed']]);
  assert.equal(sga.dns.questions.sort(), [
    `IPSECKEY ${reverseName(bob)}`,
    `TXT ${reverseName(bob)}`,
  ]);
  // this resolver remembers nothing, and is asked when the call begins and when it is claimed
  assert.equal([...new Set(sgb.dns.questions)].sort(), [
    `IPSECKEY ${reverseName(sga.address)}`,
    `KEY ${reverseName(sga.address)}`,
  ]);
  for (const router of [sga, sgb]) assert.is(router.kernel.installed[0]?.sa.mode, 'tunnel');
  await world.stop();
});

for (const [name, verdict] of [
  ['oe-permissive', 'clear'],
  ['oe-paranoid', 'blocked'],
] as const) {
  test(`OE-146 OE-103 the gateway of the record is silent on port 500, ${name}: the log says so`, async () => {
    const { world, sga, sgb } = await twoRouters({
      configuration: { wan: { default_class: name } },
    });
    world.network.path.loses = () => true;
    sga.send({ source: alice, destination: bob });
    await world.pass(5000);
    assert.equal(world.ikePackets().map(({ to }) => [to.address, to.port])[0], [sgb.address, 500]);
    const [line, ...more] = sga.lines.filter((each) => each.includes(`→ ${bob}: `));
    assert.is(more.length, 0);
    const told = new RegExp(
      `^info .*: ${verdict}, gateway ${sgb.address}: no answer .*UDP port 500.*filtered`,
    );
    assert.match(line!, told);
    await world.stop();
  });

  test(`OE-146 the gateway of the record refuses, ${name}: the log says so`, async () => {
    const { world, sga, sgb } = await twoRouters(
      { configuration: { wan: { default_class: name } } },
      { configuration: { wan: { default_class: 'deny' } } },
    );
    sga.send({ source: alice, destination: bob });
    await world.pass(5000);
    const [line] = sga.lines.filter(
      (each) => each.startsWith('info ') && each.includes(`→ ${bob}: `),
    );
    assert.match(line!, new RegExp(`: ${verdict}, gateway ${sgb.address}: .*refuses the tunnel`));
    await world.stop();
  });
}

test('OE-162 a gateway whose key does not verify gets no tunnel, not even for a moment', async () => {
  const { world, sga, sgb } = await twoRouters();
  const gateway = { kind: 'address', address: sgb.address } as const;
  const other = publicKeyOf(ed25519Key(78));
  world.zone[`IPSECKEY ${reverseName(bob)}`] = answer([ipseckeyData(10, gateway, other)]);
  let installs = 0;
  sga.kernel.install = async () => {
    installs++;
    throw new Error('must not come here');
  };
  sga.send({ source: alice, destination: bob });
  await world.pass(1000);
  assert.is(installs, 0);
  assert.equal([sga.states(), sgb.states()], [['clear'], []]);
  assert.equal(sgb.kernel.installed, []);
  await world.stop();
});

test('OE-109 a host that only calls is not called until its reverse map delegates to itself', async () => {
  const world = new RouterWorld(60);
  const sga = await world.router(places.sga);
  world.publishGateway(sga);
  const configuration = { wan: { fqdn: 'road.example' } };
  const road = await world.router(places.sgb, { configuration });
  world.zone['IPSECKEY road.example'] = answer([
    ipseckeyData(10, { kind: 'none' }, road.publicKey),
  ]);
  sga.send({ source: sga.address, destination: road.address });
  await world.pass(300);
  assert.equal(sga.states(), ['clear']);
  assert.is(world.network.captured.length, 0);
  world.publishGateway(road);
  await world.pass(60_000);
  sga.send({ source: sga.address, destination: road.address });
  await world.pass(300);
  assert.equal(sga.states(), ['keyed']);
  await world.stop();
});

test('OE-138 a private address, as hosts behind a NAT have, is not called whatever the DNS says', async () => {
  const { world, sga, sgb } = await twoRouters();
  const hidden = address('192.168.7.7');
  world.publishClient(hidden, sgb);
  const gateway = { kind: 'address', address: hidden } as const;
  world.zone[`IPSECKEY ${reverseName(bob)}`] = answer([ipseckeyData(10, gateway, sgb.publicKey)]);
  sga.send({ source: alice, destination: bob });
  await world.pass(10_000);
  assert.equal(sga.states(bob), ['clear']);
  assert.is(world.network.captured.length, 0);
  await world.stop();
});
