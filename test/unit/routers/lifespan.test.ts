/** Lifespans and last counts of tunnels, with whole routers. */
import { alice, bob, type Router, twoRouters } from '../../support/routers.js';
import { assert, test } from '../../support/test.js';

const minute = 60_000;
const nothing = { lastUseSeconds: 0, bytesIn: 0, bytesOut: 0, packetsIn: 0, packetsOut: 0 };

async function keyed() {
  const all = await twoRouters();
  all.sga.send({ source: alice, destination: bob });
  await all.world.pass(500);
  return all;
}

/** Seconds after now at which use is read: at looks, and for the last counts of one that goes. */
function looksAt(router: Router): number[] {
  const { kernel, world } = router;
  const { clock } = world;
  const start = clock.monotonicMs();
  const looks: number[] = [];
  kernel.use = async () => {
    looks.push(Math.round((clock.monotonicMs() - start) / 1000));
    return { ...nothing, lastUseSeconds: clock.wallSeconds() };
  };
  return looks;
}

test('OE-124 OE-122 a renewal does not move the looks at a busy tunnel, and a look sends nothing', async () => {
  const { world, sga, sgb } = await keyed();
  const looks = [looksAt(sga), looksAt(sgb)];
  await world.pass(2 * minute);
  sga.policy.expired(sga.kernel.installed[0]!, 'soft');
  await world.pass(minute);
  const before = world.network.captured.length;
  for (const each of looks) each.length = 0;
  await world.pass(40 * minute);
  for (const each of looks) assert.equal(each, [21 * 60, 41 * 60]);
  assert.is(world.network.captured.length, before);
  await world.stop();
});

test('a tunnel that comes while the idle one before it is closed is looked at as well', async () => {
  const { world, sga, sgb } = await keyed();
  looksAt(sgb);
  await world.pass(minute - 500);
  world.network.path.loses = () => true;
  await world.pass(1000);
  world.network.path.loses = undefined;
  const tunnel = sga.policy.connections()[0]?.tunnel;
  sga.policy.owner.established({
    ...tunnel!,
    id: 99,
    role: 'responder',
    installed: await sga.policy.owner.install(tunnel!.installed.sa),
  });
  const looks = looksAt(sga);
  await world.pass(2 * minute);
  assert.ok(looks.includes(60), looks.join());
  await world.stop();
});

test('OE-164 when a tunnel goes the log has its last counts, as the kernel had them', async () => {
  const { world, sga, sgb } = await keyed();
  const counted = { ...nothing, bytesIn: 4242, packetsIn: 17, bytesOut: 1234, packetsOut: 9 };
  let isThere = true;
  const { remove } = sga.kernel;
  sga.kernel.use = async () => (isThere ? counted : nothing);
  sga.kernel.remove = async (installed) => {
    isThere = false;
    await remove(installed);
  };
  await sga.policy.forget(bob);
  await world.pass(500);
  const line = `info policy: ${alice} ↔ ${bob}: 4242 bytes in 17 packets came in, 1234 bytes in 9 packets went out`;
  assert.is(sga.lines.filter((each) => each === line).length, 1, sga.lines.slice(-4).join('\n'));
  assert.not.ok(
    sgb.lines.some((each) => each.includes('packets came in')),
    'nothing passed there',
  );
  await world.stop();
});

test('a kernel that can not tell the last counts loses the tunnel all the same', async () => {
  const { world, sga } = await keyed();
  sga.kernel.use = () => Promise.reject(new Error('ip: killed'));
  await sga.policy.forget(bob);
  await world.pass(500);
  assert.equal(sga.kernel.installed, []);
  await world.stop();
});
