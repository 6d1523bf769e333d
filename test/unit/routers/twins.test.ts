/** A tunnel that is asked for twice: the first answer was slow, and the peer was taken for dead. */
import type { ChildSa, InstalledSa } from '../../../src/core/kernel/child-sa.js';
import { address } from '../../../src/core/net/address.js';
import { alice, bob, type Router, twoRouters } from '../../support/routers.js';
import { assert, test } from '../../support/test.js';

const later = address('198.18.2.11');

/** SPIs that this router sends with, the youngest last; what is staged is not among them. */
function sending(router: Router, peer = later): () => number | undefined {
  const { kernel } = router;
  const staged = new Set<InstalledSa>();
  kernel.stage = async (sa: ChildSa) => {
    const installed = await kernel.install(sa);
    staged.add(installed);
    return installed;
  };
  kernel.activate = async (installed) => void staged.delete(installed);
  kernel.stopSending = async (installed) => void staged.add(installed);
  return () => tunnelsOf(router, peer).findLast((each) => !staged.has(each))?.sa.outbound.spi;
}

const tunnelsOf = ({ kernel }: Router, client = later) =>
  kernel.installed.filter(({ sa }) =>
    [sa.ours, sa.theirs].some(({ prefix }) => prefix.address === client),
  );

/** The called router takes its time: so many milliseconds for each wish, in the order they come in. */
async function askedTwice(...delaysMs: number[]) {
  const { world, sga, sgb } = await twoRouters({ configuration: { main: { patience: 60 } } });
  world.publishClient(later, sgb);
  sga.send({ source: alice, destination: bob });
  await world.pass(300);
  const sendsWith = sending(sgb);
  sgb.kernel.isConfigured = () =>
    new Promise((resolve) => world.clock.after(delaysMs.shift() ?? 0, () => resolve(false)));
  sga.send({ source: alice, destination: later });
  return { world, sga, sgb, sendsWith };
}

// the fresh IKE SA comes after some three seconds
for (const [what, first, second] of [
  ['just before the other', 3280, 300],
  ['after the other', 5000, 0],
] as const)
  test(`twins: asked twice, the slow answer comes ${what}: every packet can be read`, async () => {
    const { world, sga, sgb, sendsWith } = await askedTwice(first, second);
    let most = 0;
    for (let ms = 0; ms < 20_000; ms += 10) {
      await world.pass(10);
      most = Math.max(most, tunnelsOf(sgb).length);
      if (!sga.fates.includes(`${later} released`)) continue;
      const inbound = tunnelsOf(sga).map(({ sa }) => sa.inbound.spi);
      assert.ok(inbound.includes(sendsWith()!), `after ${ms} ms: ${sendsWith()} of ${inbound}`);
    }
    assert.is(most, 2, 'both were answered');
    assert.equal(
      [sga, sgb].map((router) => tunnelsOf(router).length),
      [1, 1],
    );
    assert.equal(
      [sga, sgb].map((router) => router.states()),
      [
        ['keyed', 'keyed'],
        ['keyed', 'keyed'],
      ],
    );
    await world.stop();
  });

// milliseconds for the installation of the first and the second tunnel, and until sgb starts, too
for (const [slow, first, second, lagMs] of [
  ['sga', 1500, 1500, 0],
  ['sgb', 1500, 1500, 0],
  ['sga', 0, 1500, 0],
  ['sgb', 0, 1500, 0],
  ['sga', 1500, 0, 0],
  ['sgb', 1500, 0, 0],
  ['sgb', 0, 1500, 15],
] as const)
  test(`OE-12 both ends start at once, ${slow} is slow (${first} ${second} ${lagMs}): every packet can be read`, async () => {
    const { world, sga, sgb } = await twoRouters();
    const routers = { sga, sgb };
    const { kernel } = routers[slow];
    const install = kernel.install.bind(kernel);
    const left: number[] = [first, second];
    let turn: Promise<unknown> = Promise.resolve();
    kernel.install = (sa) => {
      const wait = () =>
        new Promise<void>((resolve) => world.clock.after(left.shift() ?? 0, resolve));
      const done = turn.then(wait).then(() => install(sa));
      turn = done;
      return done;
    };
    const sides = [
      { from: sga, to: sgb, sendsWith: sending(sga, bob) },
      { from: sgb, to: sga, sendsWith: sending(sgb, alice) },
    ];
    sga.send({ source: alice, destination: bob });
    await world.pass(lagMs);
    sgb.send({ source: bob, destination: alice });
    const most = { sga: 0, sgb: 0 };
    for (let ms = 0; ms < 20_000; ms += 10) {
      await world.pass(10);
      most.sga = Math.max(most.sga, sga.kernel.installed.length);
      most.sgb = Math.max(most.sgb, sgb.kernel.installed.length);
      for (const { from, to, sendsWith } of sides) {
        if (from.fates.length === 0) continue;
        const inbound = to.kernel.installed.map(({ sa }) => sa.inbound.spi);
        assert.ok(inbound.includes(sendsWith()!), `after ${ms} ms: ${sendsWith()} of ${inbound}`);
      }
    }
    assert.equal(most, { sga: 2, sgb: 2 }, 'both were answered');
    for (const { fates, kernel } of [sga, sgb]) {
      assert.equal(fates.length, 1);
      assert.match(fates[0]!, / released$/);
      assert.is(kernel.installed.length, 1);
    }
    await world.stop();
  });
