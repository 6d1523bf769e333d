/**
 * A daemon is killed at every single step of its exchanges, and the next one goes on from the state
 * files: the ends agree in the end, and nothing that protects a message is used twice.
 */
import { type MortalEnd, MortalWorld } from '../../support/mortal-end.js';
import { assert, test } from '../../support/test.js';

/** What both ends must agree on once all has settled, whoever died in the middle of what. */
function checkAgreement(world: MortalWorld, what: string): void {
  const { left, right } = world;
  assert.equal(left.spis(), right.spis(true), `${what}: tunnels of both ends`);
  for (const end of world.ends) {
    assert.equal(new Set(end.keysUsed).size, end.keysUsed.length, `${what}: a key came twice`);
    const errors = end.lines.filter((line) => /^error|internal error/.test(line));
    assert.equal(errors, [], what);
  }
  assert.equal(world.repeatedIvs(), [], `${what}: an IV came twice`);
  assert.equal(world.repeatedIds(), [], `${what}: a message ID came twice`);
}

/** Longer than all have patience. */
const settledMs = 120_000;
/** Shorter than liveness: what is left over goes because the peer is told, and not because it asks. */
const toldMs = 15_000;

type Story = (world: MortalWorld) => Promise<void>;

/** Runs a story once for each step of the one who is killed at it. Gives the number of steps. */
async function killAtEach(
  victim: 'left' | 'right',
  prepare: Story,
  story: Story,
  settled: (world: MortalWorld, what: string) => Promise<void>,
): Promise<number> {
  for (let killAt = 1; ; killAt++) {
    const world = new MortalWorld();
    await world.start();
    await prepare(world);
    world[victim].steps = 0;
    world[victim].killAt = killAt;
    await story(world);
    await world.pass(toldMs);
    const what = `${victim} killed at step ${killAt}`;
    checkAgreement(world, what);
    await settled(world, what);
    checkAgreement(world, what);
    if (world[victim].lives === 1) return killAt - 1;
  }
}

const connect = (from: MortalEnd, to: MortalEnd, host: number) =>
  void from.daemon.connect(from.wish(to, host)).then((result) => {
    if (result.ok) from.tunnels.push(result.tunnel);
  });

const nothing: Story = async () => undefined;
const firstTunnel: Story = async (world) => {
  connect(world.left, world.right, 1);
  await world.pass(1000);
};
const anotherTunnel: Story = async (world) => {
  connect(world.left, world.right, 2);
  await world.pass(1000);
};
const closing: Story = async (world) => {
  void world.left.daemon.close(world.left.tunnels[0]!);
  await world.pass(1000);
};

/** The pair gets its tunnel, though the one who wanted it may have died: the next packet asks. */
const tunnelsStand =
  (...hosts: number[]) =>
  async (world: MortalWorld, what: string) => {
    for (const host of hosts) {
      connect(world.left, world.right, host);
      await world.pass(settledMs);
    }
    assert.ok(world.left.kernel.length >= hosts.length, what);
  };

for (const victim of ['left', 'right'] as const) {
  test(`killed: ${victim} at each step of setting up a tunnel`, async () => {
    const steps = await killAtEach(victim, nothing, firstTunnel, tunnelsStand(1));
    assert.ok(steps > 8, String(steps));
  });

  test(`killed: ${victim} at each step of a second tunnel; the first one goes on`, async () => {
    let before: string[] = [];
    const prepare: Story = async (world) => {
      await firstTunnel(world);
      before = world.left.spis();
    };
    const steps = await killAtEach(victim, prepare, anotherTunnel, async (world, what) => {
      assert.ok(world.left.spis().includes(before[0]!), `${what}: the first tunnel is gone`);
      await tunnelsStand(2)(world, what);
    });
    assert.ok(steps > 4, String(steps));
  });

  test(`killed: ${victim} at each step of deleting a tunnel`, async () => {
    const left: number[] = [];
    const steps = await killAtEach(victim, firstTunnel, closing, async (world) => {
      left.push(world.left.kernel.length);
    });
    // The wish to delete is lost if the one who has it dies before it is kept; nothing else is
    assert.equal(Math.max(...left.slice(victim === 'left' ? 1 : 0)), 0, left.join(' '));
    assert.ok(steps > 2, String(steps));
  });

  test(`killed: ${victim} at each step of a rekey of the tunnel`, async () => {
    const rekey: Story = async (world) => {
      void world.left.daemon.rekey(world.left.tunnels[0]!);
      await world.pass(1000);
    };
    const steps = await killAtEach(victim, firstTunnel, rekey, async (world, what) => {
      assert.ok(world.left.kernel.length > 0, `${what}: no tunnel is left`);
    });
    assert.ok(steps > 6, String(steps));
  });

  test(`killed: ${victim} at each step of a rekey of the IKE SA`, async () => {
    const rekey: Story = async (world) => {
      void world.left.daemon.rekeyIke(world.left.tunnels[0]!);
      await world.pass(1000);
    };
    let before: string[] = [];
    const prepare: Story = async (world) => {
      await firstTunnel(world);
      before = world.left.spis();
    };
    const steps = await killAtEach(victim, prepare, rekey, async (world, what) => {
      // probes of liveness tell in the meantime whether the IKE SAs are the same ones
      await world.pass(settledMs);
      assert.equal(world.left.spis(), before, `${what}: the tunnel goes on`);
    });
    assert.ok(steps > 6, String(steps));
  });
}
