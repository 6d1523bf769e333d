/** Tunnels that a plugin begins by itself, and plugins that look at packets instead of being asked. */
import { silentLogger } from '../../../src/core/log.js';
import { address } from '../../../src/core/net/address.js';
import type { OpenResult, OwnTunnel, PluginInstance } from '../../../src/core/plugin.js';
import { WanPlugins } from '../../../src/core/policy/plugins.js';
import { alice, bob, type Configuration, places, RouterWorld } from '../../support/routers.js';
import { assert, test } from '../../support/test.js';

/** Two routers that know each other's keys, and hosts that publish nothing. */
async function strangers(configuration: Configuration = {}) {
  const world = new RouterWorld();
  const sga = await world.router(places.sga, { configuration });
  const sgb = await world.router(places.sgb);
  world.publishGateway(sga);
  world.publishClient(alice, sga);
  const own: OwnTunnel = {
    wish: { source: alice, destination: bob },
    gateway: { address: sgb.address, keys: [sgb.publicKey] },
    trust: () => 'unauthenticated',
    why: 'a probe says so',
  };
  async function open(more: Partial<OwnTunnel> = {}): Promise<OpenResult> {
    let result: OpenResult | undefined;
    void sga.policy.ownTunnels.open('probes', 'wan', { ...own, ...more }).then((given) => {
      result = given;
    });
    for (let n = 0; n < 200 && !result; n++) await world.pass(500);
    assert.ok(result, 'it ends');
    return result!;
  }
  const covered = (destination = bob) =>
    sga.policy.ownTunnels.covered('wan', { source: alice, destination });
  return { world, sga, sgb, open, covered };
}

test('a pair that no packet waits for is keyed, under the name of its plugin', async () => {
  const { world, sga, sgb, open, covered } = await strangers();
  assert.is(await covered(), undefined);
  const origin = address('192.168.1.10');
  assert.ok((await open({ origin })).ok);
  assert.equal(sga.states(bob), ['keyed']);
  const [connection] = sga.policy.connections();
  assert.is(connection?.foundBy, 'probes');
  assert.is(connection?.trust, 'unauthenticated');
  assert.equal([...(connection?.origins.keys() ?? [])], [origin, alice]);
  assert.is(sga.kernel.cache.get(`wan ${origin} ${bob}`)?.verdict, 'encrypt');
  assert.is(sgb.kernel.installed.length, 1);
  assert.match(String(await covered()), 'a tunnel stands');
  await world.stop();
});

test('a pair that went clear for want of records gets the tunnel all the same', async () => {
  const { world, sga, open } = await strangers();
  sga.send({ source: alice, destination: bob });
  await world.pass(1000);
  assert.equal(sga.states(bob), ['clear']);
  assert.ok((await open()).ok);
  assert.equal(sga.states(bob), ['keyed']);
  await world.stop();
});

test('AV-10 AV-14 AV-89 what policy or another IPsec policy has is covered, and not opened', async () => {
  for (const of of ['deny', 'always-clear', 'accept-only'] as const) {
    const policies = [{ class: of, destination: '198.18.2.0/24' }];
    const { world, open, covered, sgb } = await strangers({ policies });
    assert.match(String(await covered()), of);
    assert.not.ok((await open()).ok);
    assert.is(sgb.kernel.installed.length, 0);
    await world.stop();
  }
  const { world, sga, open, covered } = await strangers();
  sga.kernel.configured.add(`${alice} ${bob}`);
  assert.match(String(await covered()), 'another IPsec policy');
  assert.not.ok((await open()).ok);
  assert.match(String(await covered(address('10.1.2.3'))), 'no address beyond a WAN');
  assert.equal(sga.states(bob), []);
  await world.stop();
});

test('AV-6 a gateway that does not answer leaves the pair as it was', async () => {
  const { world, sga, open } = await strangers();
  const gateway = { address: address('198.18.0.77'), keys: [] };
  const opened = await open({ gateway });
  assert.not.ok(opened.ok);
  assert.equal(sga.states(bob), []);
  await world.stop();
});

test('a plugin ends tunnels of its own, and no others', async () => {
  const { world, sga, sgb, open } = await strangers();
  assert.ok((await open()).ok);
  const { ownTunnels } = sga.policy;
  assert.is(ownTunnels.foundBy('others').length, 0);
  ownTunnels.end('others', () => true, 'of others');
  assert.is(ownTunnels.foundBy('probes').length, 1);
  ownTunnels.end('probes', () => true, 'no trust any more');
  await world.pass(5000);
  assert.equal([ownTunnels.foundBy('probes'), sga.states(bob)], [[], []]);
  assert.is(sgb.kernel.installed.length, 0);
  await world.stop();
});

const quiet: PluginInstance = {
  keysFor: async () => ({ kind: 'refused', why: 'never' }),
  authorize: async () => ({ kind: 'refused', why: 'never' }),
  forget: () => undefined,
  stop: () => undefined,
};
const slot = (name: string, instance: PluginInstance) => ({ name, instance, failure: '' });

test('AV-22 packets wait on a WAN only where some plugin answers to them', async () => {
  const planless = new WanPlugins([slot('probes', quiet)], silentLogger);
  assert.is(planless.plans, false);
  const wish = { source: alice, destination: bob };
  const plan = await planless.plan(wish);
  assert.match(plan.why, 'no plugin of this WAN looks for gateways');
  const asked: PluginInstance = {
    ...quiet,
    plan: async () => ({ kind: 'none', ttlSeconds: 60, why: 'no records' }),
  };
  const both = new WanPlugins([slot('probes', quiet), slot('oe-dns', asked)], silentLogger);
  assert.is(both.plans, true);
  assert.is((await both.plan(wish)).plugin, 'oe-dns');
});

test('AV-79 a packet goes on unless a plugin takes it, also when the plugin throws', () => {
  const watcher = (take: (packet: Uint8Array) => boolean): PluginInstance => ({
    ...quiet,
    path: { takes: [], watches: [], take },
  });
  const packet = new Uint8Array(1);
  const broken = slot(
    'broken',
    watcher(() => {
      throw new Error('a bug');
    }),
  );
  const taker = slot(
    'taker',
    watcher((given) => given === packet),
  );
  const plugins = new WanPlugins([broken, taker], silentLogger);
  assert.is(plugins.take(packet), true);
  assert.match(broken.failure, 'a bug');
  assert.is(plugins.take(new Uint8Array(2)), false);
  assert.is(plugins.watchers.length, 1, 'the broken one is off');
});
