/** Tunnels in use, idle, renewed and gone, with whole routers. */

import { statusText } from '../../../src/core/control/status-text.js';
import { Exchange } from '../../../src/core/ike/registries/exchanges.js';
import { reverseName } from '../../../src/core/net/address.js';
import {
  alice,
  bob,
  type Configuration,
  places,
  type Router,
  RouterWorld,
  twoRouters,
} from '../../support/routers.js';
import { answer, ipseckeyData } from '../../support/table-resolver.js';
import { assert, test } from '../../support/test.js';

async function keyed(configuration: Configuration = {}) {
  const all = await twoRouters({ configuration });
  all.sga.send({ source: alice, destination: bob });
  await all.world.pass(300);
  assert.equal([all.sga.states(), all.sgb.states()], [['keyed'], ['keyed']]);
  return all;
}

/** From now on traffic passes all the time, as the kernel of this router sees it. */
function inUse(router: Router): void {
  const { kernel, world } = router;
  const idle = { bytesIn: 0, bytesOut: 0, packetsIn: 0, packetsOut: 0 };
  kernel.use = async () => ({ ...idle, lastUseSeconds: world.clock.wallSeconds() });
}

const spiOf = (router: Router) => router.kernel.installed.map(({ sa }) => sa.outbound.spi);

for (const [what, busy] of [
  ['both ends see no traffic', []],
  ['only the one that called sees no traffic', ['sgb']],
  ['only the one that was called sees no traffic', ['sga']],
] as const) {
  test(`OE-117 OE-56 idle, ${what}: gone at both ends, by a delete, without a renewal`, async () => {
    const { world, sga, sgb } = await keyed();
    for (const name of busy) inUse({ sga, sgb }[name]);
    await world.pass(59_000);
    assert.equal([sga.kernel.installed.length, sgb.kernel.installed.length], [1, 1]);
    const before = world.network.captured.length;
    await world.pass(2000);
    for (const router of [sga, sgb]) {
      assert.equal(router.kernel.installed, []);
      assert.equal(router.states(), []);
      assert.is(router.kernel.cache.size, 0);
    }
    const told = [...sga.lines, ...sgb.lines].filter((line) =>
      /tunnel ended .*, deleted by/.test(line),
    );
    assert.is(told.length, 2);
    assert.ok(world.exchanges(before).length > 0);
    assert.not.ok(world.exchanges(before).includes(Exchange.CREATE_CHILD_SA));
    await world.stop();
  });
}

test('OE-49 at soft expiry a tunnel in use is rekeyed: new keys come beside the old ones, which go after them', async () => {
  const { world, sga, sgb } = await keyed();
  inUse(sga);
  const from = world.network.captured.length;
  const [before] = spiOf(sga);
  sga.policy.expired(sga.kernel.installed[0]!, 'soft');
  let most = 0;
  for (let i = 0; i < 4000; i += 5) {
    await world.pass(5);
    const both = [sga.kernel.installed.length, sgb.kernel.installed.length];
    assert.ok(Math.min(...both) > 0, `nothing installed after ${i} ms`);
    most = Math.max(most, ...both);
  }
  assert.is(most, 2);
  const [after, ...more] = spiOf(sga);
  assert.is(more.length, 0);
  assert.is.not(after, before);
  assert.equal(world.exchanges(from), [Exchange.CREATE_CHILD_SA, Exchange.CREATE_CHILD_SA, 37, 37]);
  await world.stop();
});

test('OE-132 soon after a renewal each end has one pair of SAs, and status shows the new one', async () => {
  const { world, sga, sgb } = await keyed();
  inUse(sga);
  const [old] = spiOf(sga);
  sga.policy.expired(sga.kernel.installed[0]!, 'soft');
  await world.pass(4000);
  for (const router of [sga, sgb]) {
    assert.is(router.kernel.installed.length, 1);
    const { connections } = await router.status();
    assert.is(connections.length, 1);
    const { inbound } = router.kernel.installed[0]!.sa;
    assert.is(Number.parseInt(connections[0]!.peer!.spiIn, 16), inbound.spi);
  }
  const name = old!.toString(16).padStart(8, '0');
  const told = sgb.lines.filter(
    (line) => line.includes(name) && /tunnel cleared .*, replaced/.test(line),
  );
  assert.is(told.length, 1, 'the old one went when its delete came');
  await world.stop();
});

for (const [name, state] of [
  ['oe-permissive', 'clear'],
  ['oe-paranoid', 'deny'],
] as const) {
  test(`OE-50 OE-19 a renewal that is refused: the tunnel stays until hard expiry, then hold, then ${state}`, async () => {
    const { world, sga, sgb } = await keyed({ wan: { default_class: name } });
    for (const router of [sga, sgb]) inUse(router);
    sgb.policy.owner.authorize = async () => ({ ok: false, why: 'not any more' });
    const [installed] = sga.kernel.installed;
    sga.policy.expired(installed!, 'soft');
    await world.pass(300_000);
    assert.equal(sga.kernel.installed, [installed]);
    assert.is(sga.kernel.cache.get(`wan ${alice} ${bob}`)?.verdict, 'encrypt');
    assert.ok(sga.lines.some((line) => line.startsWith('warning') && /no new keys yet/.test(line)));
    sga.policy.expired(installed!, 'hard');
    await world.pass(300);
    assert.equal([sga.kernel.installed, [...sga.kernel.cache.keys()]], [[], []]);
    sga.fates.length = 0;
    sga.send({ source: alice, destination: bob });
    await world.pass(1);
    assert.equal(sga.fates, [], 'held');
    await world.pass(300);
    assert.equal(sga.states(), [state]);
    await world.stop();
  });
}

test('OE-54 a record that appears is seen once the negative answer is stale', async () => {
  const world = new RouterWorld(60);
  const sga = await world.router(places.sga);
  const sgb = await world.router(places.sgb);
  for (const router of [sga, sgb]) world.publishGateway(router);
  world.publishClient(alice, sga);
  sga.send({ source: alice, destination: bob });
  await world.pass(300);
  assert.equal(sga.states(), ['clear']);
  world.publishClient(bob, sgb);
  await world.pass(59_000);
  sga.send({ source: alice, destination: bob });
  await world.pass(300);
  assert.equal(sga.states(), ['clear']);
  await world.pass(1000);
  sga.send({ source: alice, destination: bob });
  await world.pass(300);
  assert.equal(sga.states(), ['keyed']);
  await world.stop();
});

test('OE-22 two destinations of one class are two instances, and status lists both kinds of channel', async () => {
  const { world, sga, sgb } = await keyed();
  world.publishClient('198.18.2.11' as typeof bob, sgb);
  sga.send({ source: alice, destination: '198.18.2.11' });
  await world.pass(300);
  const report = await sga.status();
  const [one, other] = report.connections;
  assert.is(report.connections.length, 2);
  assert.equal([one?.class, other?.class], ['oe-permissive', 'oe-permissive']);
  assert.is.not(one?.peer?.spiOut, other?.peer?.spiOut);
  assert.is(one?.peer?.ikeSpiInitiator, other?.peer?.ikeSpiInitiator);
  assert.match(one?.peer?.ikeSpiInitiator ?? '', /^[0-9a-f]{16}$/);
  assert.is(report.ike['IKE SAs'], 1);
  assert.match(statusText(report), /IKE: .*IKE SAs 1\b/);
  await world.stop();
});

test('OE-119 status shows the last use of each tunnel', async () => {
  const { world, sga } = await keyed();
  assert.match(statusText(await sga.status()), 'not used yet');
  sga.kernel.lastUseSeconds = Math.floor(world.clock.wallSeconds());
  await world.pass(12_000);
  assert.match(statusText(await sga.status()), /last\s+used\s+12\s+s\s+ago/);
  await world.stop();
});

for (const [status, text] of [
  ['secure', /key vouched for by DNSSEC/],
  ['insecure', /safe from listeners, not from active\s+attackers/],
] as const) {
  test(`OE-89 status tells at both ends how far a tunnel protects: DNS ${status}`, async () => {
    const { world, sga, sgb } = await twoRouters();
    for (const router of [sga, sgb]) {
      const record = ipseckeyData(10, { kind: 'none' }, router.publicKey);
      world.zone[`IPSECKEY ${reverseName(router.address)}`] = answer([record], status);
    }
    sga.send({ source: sga.address, destination: sgb.address });
    await world.pass(300);
    for (const router of [sga, sgb]) assert.match(statusText(await router.status()), text);
    await world.stop();
  });
}
