/** A router whose daemon is killed: the next one goes on with its connections and tunnels. */
import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import type { Connection } from '../../../src/core/policy/connection.js';
import { alice, bob, carol, places, type Router, twoRouters } from '../../support/routers.js';
import { assert, test } from '../../support/test.js';

/** All that a person sees, and all that the kernel knows. */
async function picture(router: Router): Promise<string> {
  const { connections, wans } = await router.status();
  return JSON.stringify([connections, wans], undefined, 1);
}

const cacheOf = ({ kernel }: Router) =>
  [...kernel.cache.entries()].map(([pair, { verdict }]) => `${pair} ${verdict}`).sort();

async function keyed() {
  const all = await twoRouters();
  all.sga.send({ source: alice, destination: bob });
  all.sga.send({ source: alice, destination: carol });
  await all.world.pass(3000);
  assert.equal(all.sga.states(bob), ['keyed']);
  assert.equal(all.sga.states(carol), ['clear']);
  return all;
}

for (const name of ['sga', 'sgb'] as const)
  test(`restart: status, verdicts and tunnels of ${name} are as before`, async () => {
    const all = await keyed();
    const { world } = all;
    const before = [await picture(all[name]), cacheOf(all[name])];
    const installed = [...all[name].kernel.installed];
    world.kill(all[name]);
    const again = await world.respawn(all[name], places[name]);
    const packets = world.network.captured.length;
    await world.pass(2000);
    assert.equal([await picture(again), cacheOf(again)], before);
    assert.equal(again.kernel.installed, installed);
    assert.is(world.network.captured.length, packets, 'nothing had to be said');
    await world.stop();
  });

test('restart: a verdict ends when it would have ended, and its lifespan is that of the first', async () => {
  const all = await keyed();
  const { world, sga } = all;
  const untilMs = (router: Router): Connection['untilMs'] =>
    router.policy.connections().find((each) => each.destination === carol)!.untilMs;
  const before = untilMs(sga);
  world.kill(sga);
  await world.pass(60_000);
  const again = await world.respawn(sga, places.sga);
  assert.is(untilMs(again), before);
  await world.pass(before - world.clock.monotonicMs() - 1000);
  assert.equal(again.states(carol), ['clear']);
  await world.pass(2000);
  assert.equal(again.states(carol), []);
  await world.stop();
});

test('restart: the next packet of a known pair starts nothing, that of a new pair does', async () => {
  const { world, sga } = await keyed();
  world.kill(sga);
  const again = await world.respawn(sga, places.sga);
  const packets = world.network.captured.length;
  again.send({ source: alice, destination: bob, name: 'known' });
  await world.pass(1000);
  assert.equal(again.fates, ['known released']);
  assert.is(world.network.captured.length, packets);
  await world.stop();
});

test('restart: deletes go both ways under the old IKE SA', async () => {
  const { world, sga, sgb } = await keyed();
  world.kill(sga);
  const again = await world.respawn(sga, places.sga);
  await again.policy.forget(bob);
  await world.pass(1000);
  assert.equal(again.kernel.installed, []);
  assert.equal(sgb.kernel.installed, []);
  await world.stop();
});

test('restart: settings that forbid a tunnel by now end it, with a word to the peer', async () => {
  const { world, sga, sgb } = await keyed();
  world.kill(sga);
  const policies = [{ class: 'deny', destination: bob }];
  const again = await world.respawn(sga, places.sga, { configuration: { policies } });
  assert.equal(
    cacheOf(again).filter((line) => line.includes(bob) && line.endsWith('encrypt')),
    [],
  );
  await world.pass(2000);
  assert.equal(sgb.kernel.installed, []);
  assert.equal(again.kernel.installed, []);
  await world.stop();
});

test('restart: a tunnel that the kernel has lost is deleted at the peer', async () => {
  const { world, sga, sgb } = await keyed();
  world.kill(sga);
  sga.kernel.installed.splice(0);
  const again = await world.respawn(sga, places.sga);
  assert.equal(again.states(bob), []);
  await world.pass(1000);
  assert.equal(sgb.kernel.installed, []);
  await world.stop();
});

test('restart: after a clean stop no secret stays in the files, and the next one begins anew', async () => {
  const { world, sga } = await keyed();
  assert.ok([...sga.files.content.keys()].some((name) => name.includes('/sa-')));
  await world.end(sga);
  assert.equal([...sga.files.content.keys()], []);
  const again = await world.respawn(sga, places.sga);
  assert.equal(again.policy.connections(), []);
  await world.stop();
});

test('restart: files of another boot are refused with a line, and nothing stands', async () => {
  const { world, sga } = await keyed();
  world.kill(sga);
  sga.files.writeAtomic('/proc/sys/kernel/random/boot_id', Uint8Array.of(49), 0o444);
  const again = await world.respawn(sga, places.sga);
  assert.ok(again.lines.some((line) => /refused .*another boot/.test(line)));
  assert.equal(again.policy.connections(), []);
  await world.stop();
});

/** Power loss: what is on tmpfs is gone, and what was in the kernel. */
function loseMemory({ files, kernel }: Router): void {
  for (const path of [...files.content.keys()])
    if (path.startsWith('/run/')) files.content.delete(path);
  kernel.installed.splice(0);
  kernel.cache.clear();
}

test('OE-150 restart: the gateways we have tunnels with are on the disk, also after a crash', async () => {
  const { world, sga } = await keyed();
  await world.pass(5000);
  world.kill(sga);
  loseMemory(sga);
  const list = fromUtf8(sga.files.read('/etc/autoipsec/peers')!);
  assert.is(list, `${places.sgb.wan[0]} wan ${alice} ${bob}\n`);
  assert.is(sga.files.content.get('/etc/autoipsec/peers')?.mode, 0o600);
  await world.stop();
});

test('OE-151 restart: after power loss each peer of the list hears INITIAL_CONTACT', async () => {
  const { world, sga, sgb } = await keyed();
  await world.pass(5000);
  const [old] = sgb.kernel.installed;
  world.kill(sga);
  loseMemory(sga);
  const again = await world.respawn(sga, places.sga);
  await world.pass(3000);
  assert.equal(again.states(bob), ['keyed']);
  assert.ok(sgb.lines.some((line) => line.includes('has begun anew, its earlier IKE SA is gone')));
  assert.is(sgb.kernel.installed.length, 1);
  assert.not.ok(sgb.kernel.installed.includes(old!), 'the earlier tunnel is gone there');
  await world.stop();
});

test('restart: a peer of the list whose tunnel goes on is not called', async () => {
  const { world, sga } = await keyed();
  await world.pass(5000);
  world.kill(sga);
  const packets = world.network.captured.length;
  await world.respawn(sga, places.sga);
  await world.pass(2000);
  assert.is(world.network.captured.length, packets);
  await world.stop();
});

test('restart: a list of peers that makes no sense calls nobody', async () => {
  const { world, sga } = await keyed();
  world.kill(sga);
  loseMemory(sga);
  const lines = ['', 'x', `x wan ${alice} ${bob}`, `198.18.0.2 other ${alice} ${bob}`, '1 2 3 4 5'];
  sga.files.writeAtomic('/etc/autoipsec/peers', utf8(lines.join('\n')), 0o600);
  const packets = world.network.captured.length;
  const again = await world.respawn(sga, places.sga);
  await world.pass(2000);
  assert.is(world.network.captured.length, packets);
  assert.equal(again.policy.connections(), []);
  await world.stop();
});
