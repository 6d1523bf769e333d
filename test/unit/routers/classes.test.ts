/** What the class of a pair means, with whole routers. */
import { reverseName } from '../../../src/core/net/address.js';
import { alice, bob, carol, type Router, settingsFrom, twoRouters } from '../../support/routers.js';
import { answer, txt } from '../../support/table-resolver.js';
import { assert, test } from '../../support/test.js';

const garbled = { [`TXT ${reverseName(bob)}`]: answer([txt('X-IPsec-Server(10)=nonsense')]) };

/** Takes what Bob publishes away. */
const hide = (zone: Record<string, unknown>) => delete zone[`IPSECKEY ${reverseName(bob)}`];

const behaviour = [
  ['deny', `${bob} dropped`, 'deny', false],
  ['always-clear', `${bob} released`, 'clear', false],
  ['oe-permissive', `${bob} released`, 'clear', true],
  ['oe-paranoid', `${bob} dropped`, 'deny', true],
] as const;
for (const [name, fate, state, asks] of behaviour) {
  test(`OE-21 OE-31 the configuration takes class ${name}, and without records it means: ${fate}`, async () => {
    const policies = [{ class: name, destination: '198.18.2.0/24' }];
    const { world, sga } = await twoRouters({ configuration: { policies } });
    hide(world.zone);
    sga.send({ source: alice, destination: bob });
    await world.pass(200);
    assert.equal(sga.fates, [fate]);
    assert.equal(sga.states(), [state]);
    const verdict = state === 'clear' ? 'pass' : 'deny';
    assert.is(sga.kernel.cache.get(`wan ${alice} ${bob}`)?.verdict, verdict);
    assert.is(sga.dns.questions.length > 0, asks);
    await world.stop();
  });
}

test('OE-23 one oe-permissive class from our own address to everywhere is enough', async () => {
  const own = { class: 'oe-permissive', source: '198.18.0.1', destination: '0.0.0.0/0' };
  const configuration = { wan: { default_class: 'always-clear' }, policies: [own] };
  const { world, sga, sgb } = await twoRouters({ configuration });
  sga.send({ source: sga.address, destination: bob });
  sga.send({ source: alice, destination: bob, name: 'alice' });
  await world.pass(200);
  assert.equal(sga.fates, ['alice released', `${bob} released`]);
  assert.equal(sga.states(), ['keyed', 'clear']);
  assert.is(sgb.kernel.installed.length, 1);
  await world.stop();
});

test('OE-26 an accept-only router takes tunnels and starts none', async () => {
  const { world, sga, sgb } = await twoRouters(
    {},
    { configuration: { wan: { default_class: 'accept-only' } } },
  );
  sgb.send({ source: bob, destination: alice });
  await world.pass(200);
  assert.equal(sgb.fates, [`${alice} released`]);
  assert.equal(world.exchanges(), []);
  sga.send({ source: alice, destination: bob });
  await world.pass(200);
  assert.equal([sga.states(), sgb.states()], [['keyed'], ['keyed']]);
  await world.stop();
});

for (const refusing of ['always-clear', 'deny']) {
  test(`OE-27 oe-paranoid towards a peer that has us as ${refusing}: denied, nothing in clear`, async () => {
    const { world, sga, sgb } = await twoRouters(
      { configuration: { wan: { default_class: 'oe-paranoid' } } },
      { configuration: { wan: { default_class: refusing } } },
    );
    sga.send({ source: alice, destination: bob });
    await world.pass(10_000);
    assert.equal(sga.fates, [`${bob} dropped`]);
    assert.equal(sga.states(), ['deny']);
    assert.is(sgb.kernel.installed.length, 0);
    await world.stop();
  });
}

test('OE-38 an always-clear class for the destination overrides a malformed record', async () => {
  const policies = [{ class: 'always-clear', destination: bob }];
  for (const [configuration, fate] of [
    [{}, 'dropped'],
    [{ policies }, 'released'],
  ] as const) {
    const { world, sga } = await twoRouters({ configuration });
    hide(world.zone);
    Object.assign(world.zone, garbled);
    sga.send({ source: alice, destination: bob });
    await world.pass(200);
    assert.equal(sga.fates, [`${bob} ${fate}`]);
    await world.stop();
  }
});

test('OE-61 the tunnel of a peer is an instance of its pair, with the class that covers it', async () => {
  const policies = [{ class: 'oe-paranoid', destination: '198.18.1.0/24' }];
  const { world, sga, sgb } = await twoRouters({}, { configuration: { policies } });
  sga.send({ source: alice, destination: bob });
  await world.pass(200);
  const [connection, ...more] = sgb.policy.connections();
  assert.is(more.length, 0);
  assert.equal([connection?.source, connection?.destination], [bob, alice]);
  assert.is(connection?.class, 'oe-paranoid');
  await world.stop();
});

/** What the forwarding plane does with a pair: one of the five states of a datagram's pair. */
function datagramState(router: Router, source: string, destination: string): string {
  const cached = router.kernel.cache.get(`wan ${source} ${destination}`);
  if (cached) return cached.verdict;
  const isKnown = router.policy.connections().some((each) => each.destination === destination);
  return isKnown ? 'hold' : 'non-existent';
}

test('OE-10 each pair has one entry, which is always in one of the five states', async () => {
  const denied = '198.18.9.1';
  const policies = [{ class: 'deny', destination: denied }];
  const { world, sga } = await twoRouters({ configuration: { policies } });
  const pairs = [bob, carol, denied] as string[];
  const dump = () => pairs.map((destination) => datagramState(sga, alice, destination));
  assert.equal(dump(), ['non-existent', 'non-existent', 'non-existent']);
  for (const destination of pairs)
    for (const port of [1, 2, 3]) sga.send({ source: alice, destination, port });
  await world.pass(1);
  assert.equal(dump(), ['hold', 'pass', 'deny']);
  assert.not.ok(sga.fates.includes(`${bob} released`));
  await world.pass(200);
  assert.equal(dump(), ['encrypt', 'pass', 'deny']);
  assert.is(sga.policy.connections().length, 3);
  assert.is(sga.kernel.cache.size, 3);
  await sga.policy.forget(carol);
  assert.equal(dump(), ['encrypt', 'non-existent', 'deny']);
  await world.stop();
});

for (const name of ['oe-permissive', 'oe-paranoid'] as const) {
  test(`OE-30 OE-33 ${name}: the first packet makes a potential connection, a hold and a question`, async () => {
    const { world, sga } = await twoRouters({
      configuration: { wan: { default_class: name } },
    });
    sga.dns.lookup = (question, type) => {
      sga.dns.questions.push(`${type} ${question}`);
      return new Promise(() => undefined);
    };
    sga.send({ source: alice, destination: bob });
    await world.pass(0);
    const line = `debug policy: ${alice} to ${bob}: nonexistent → potential`;
    assert.ok(sga.lines.some((each) => each.startsWith(line)));
    assert.equal(sga.states(), ['potential']);
    assert.is(datagramState(sga, alice, bob), 'hold');
    assert.ok(sga.dns.questions.includes(`16 ${reverseName(bob)}`), 'TXT is type 16');
    await world.pass(3000);
    assert.equal(sga.fates, []);
    await world.stop();
  });
}

test('OE-32 traffic and forged ICMP do not end a clear or deny verdict before its time', async () => {
  for (const [name, state] of [
    ['oe-permissive', 'clear'],
    ['oe-paranoid', 'deny'],
  ] as const) {
    const { world, sga, sgb } = await twoRouters({
      configuration: { wan: { default_class: name } },
    });
    world.network.path.loses = () => true;
    sga.send({ source: alice, destination: bob });
    await world.pass(5000);
    assert.equal(sga.states(), [state]);
    const asked = sga.dns.questions.length;
    for (let i = 0; i < 59; i++) {
      await world.pass(10_000);
      sga.send({ source: alice, destination: bob, port: i });
      const peer = { address: sgb.address, port: 500 };
      for (const code of [0, 1, 3, 13])
        for (const { options } of sga.host.udpSockets)
          options.onUnreachable?.({ peer, errno: 111, icmp: { type: 3, code } });
    }
    await world.pass(9000);
    assert.equal(sga.states(), [state]);
    assert.is(sga.dns.questions.length, asked);
    await world.pass(1000);
    assert.equal(sga.states(), []);
    await world.stop();
  }
});

for (const patience of [undefined, 2, 12]) {
  const seconds = patience ?? 5;
  const said = patience === undefined ? 'by default' : `with patience ${patience}`;
  test(`OE-43 SP-40 the verdict on a silent gateway comes after ${seconds} s ${said}`, async () => {
    const main = patience === undefined ? {} : { patience };
    const { world, sga } = await twoRouters({ configuration: { main } });
    world.network.path.loses = () => true;
    sga.send({ source: alice, destination: bob });
    await world.pass(seconds * 1000 - 1);
    assert.equal(sga.states(), ['pending']);
    await world.pass(1);
    assert.equal(sga.fates, [`${bob} released`]);
    assert.ok(settingsFrom({ main }).patienceMs < 60_000);
    await world.stop();
  });
}
