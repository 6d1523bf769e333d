/** A tunnel that is asked for twice: the first answer was slow, and the peer was taken for dead. */
import type { ChildSa, InstalledSa } from '../../../src/core/kernel/child-sa.js';
import { address } from '../../../src/core/net/address.js';
import { alice, bob, type Router, twoRouters } from '../../support/routers.js';
import { assert, test } from '../../support/test.js';

const later = address('198.18.2.11');

/** SPIs that this router sends with, the youngest last; what is staged is not among them. */
function sending(router: Router): () => number | undefined {
  const { kernel } = router;
  const staged = new Set<InstalledSa>();
  kernel.stage = async (sa: ChildSa) => {
    const installed = await kernel.install(sa);
    staged.add(installed);
    return installed;
  };
  kernel.activate = async (installed) => void staged.delete(installed);
  return () => tunnelsOf(router).findLast((each) => !staged.has(each))?.sa.outbound.spi;
}

const tunnelsOf = ({ kernel }: Router) =>
  kernel.installed.filter(({ sa }) =>
    [sa.ours, sa.theirs].some(({ prefix }) => prefix.address === later),
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
