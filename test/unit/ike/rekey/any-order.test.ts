/**
 * Everything that can be begun in an IKE SA, by either end and at any moment, over a path that loses,
 * delays and doubles: when it is quiet again, both ends agree on what there is (RFC 7296 §2.25).
 */
import type { Tunnel } from '../../../../src/core/ike/daemon.js';
import { formatPrefix } from '../../../../src/core/net/address.js';
import { type IkeEnd, type IkeWorld, twoEnds } from '../../../support/ike-end.js';
import { sasOf } from '../../../support/ike-peer.js';
import { countingRandom } from '../../../support/list-random.js';
import { chance } from '../../../support/memory-network.js';
import { assert, test } from '../../../support/test.js';

const TEN_MINUTES = 600_000;
const STEPS = 40;
/** A failure is found again by its seed. */
const SEEDS = 24;
const limits = { livenessMs: 60_000 };

/** Numbers from 0 up to a limit, the same for the same seed. */
function dice(seed: number): (below: number) => number {
  const draw = countingRandom(seed * 7919 + 13);
  return (below) => {
    const [high, low] = draw(2);
    return (high! * 256 + low!) % below;
  };
}

/** Tunnels of an end that are there. */
const tunnelsOf = (end: IkeEnd): Tunnel[] =>
  sasOf(end)
    .flatMap(({ children }) => [...children])
    .flatMap(({ tunnel }) => tunnel ?? []);

type Step = (from: IkeEnd, to: IkeEnd, tunnel: Tunnel | undefined, n: number) => unknown;

const connect: Step = (from, to, _tunnel, n) =>
  from.daemon.connect(
    from.wish(to, { ours: `10.1.0.${n % 4}`, theirs: `10.2.0.${n % 3}`, patienceMs: 60_000 }),
  );
const steps: readonly Step[] = [
  connect,
  connect,
  (from, _to, tunnel) => tunnel && from.daemon.rekey(tunnel),
  (from, _to, tunnel) => tunnel && from.daemon.rekey(tunnel),
  (from, _to, tunnel) => tunnel && from.daemon.rekeyIke(tunnel),
  (from, _to, tunnel) => tunnel && from.daemon.close(tunnel),
  (from, _to, tunnel) => tunnel && from.daemon.check(tunnel),
  (from, _to, tunnel) => tunnel && from.daemon.expired(tunnel.installed),
];

/** A kernel that takes its time. */
function slow({ clock }: IkeWorld, end: IkeEnd, roll: (below: number) => number): void {
  end.install = () => new Promise((resolve) => clock.after(roll(80), () => resolve()));
}

/** SPIs and traffic of all that is installed, as the left end sees them. */
const pairsOf = (end: IkeEnd, isTurned: boolean): string[] =>
  end.installed
    .map(({ sa }) => {
      const { inbound, outbound, ours, theirs } = sa;
      const spis = [inbound.spi, outbound.spi];
      const ends = [ours, theirs].map(({ prefix }) => formatPrefix(prefix));
      return (isTurned ? [...spis.reverse(), ...ends.reverse()] : [...spis, ...ends]).join(' ');
    })
    .sort();

const sasBySpi = (end: IkeEnd): string[] =>
  sasOf(end)
    .map((sa) => `${sa.spiInitiator.join()} ${sa.spiResponder.join()} ${sa.children.size}`)
    .sort();

function assertAgreed(left: IkeEnd, right: IkeEnd): void {
  assert.equal(pairsOf(left, false), pairsOf(right, true), 'pairs');
  assert.equal(sasBySpi(left), sasBySpi(right), 'IKE SAs');
  for (const end of [left, right]) {
    // What is received with only waits for another one of the same traffic to go.
    const rivals = sasOf(end).flatMap(({ children }) => [...children].map(({ rival }) => rival));
    const staged = [...end.staged].filter(
      (one) => !rivals.some((rival) => rival?.installed === one),
    );
    assert.equal(staged.length, 0, 'staged');
    const states = sasOf(end).flatMap(({ state, children }) => [
      ...(state === 'ESTABLISHED' ? [] : [state]),
      ...[...children].flatMap((one) => (one.state === 'UP' && one.tunnel ? [] : [one.state])),
    ]);
    assert.equal(states, [], 'states');
    assert.equal(
      end.lines.filter((line) => line.startsWith('error')),
      [],
    );
    assert.is(end.counter('bad moves'), 0);
  }
}

for (let seed = 1; seed <= SEEDS; seed++)
  test(`any order, seed ${seed}: both ends agree when it is quiet`, async () => {
    const roll = dice(seed);
    const { world, left, right } = await twoEnds(
      { limits, random: countingRandom(seed + 1000) },
      // Some peers have a window of one.
      {
        limits: { ...limits, ...(seed % 3 === 0 ? { window: 1 } : {}) },
        random: countingRandom(seed + 2000),
      },
    );
    const { path } = world.network;
    for (const end of [left, right]) slow(world, end, roll);
    path.delayMs = () => 5 + roll(200);
    path.loses = chance((seed % 6) * 0.06, seed);
    path.duplicates = chance(0.1, seed + 50);
    await world.until(left.daemon.connect(left.wish(right, { patienceMs: 60_000 })));
    for (let n = 0; n < STEPS; n++) {
      const [from, to] = roll(2) ? [left, right] : [right, left];
      const tunnels = tunnelsOf(from);
      const step = steps[roll(steps.length)]!;
      void step(from, to, tunnels[roll(tunnels.length || 1)], n);
      await world.clock.advance(roll(3) ? roll(300) : roll(4000));
    }
    path.loses = undefined;
    await world.clock.advance(TEN_MINUTES);
    assertAgreed(left, right);
    await world.stop();
  });
