/**
 * Both ends at once, with each message lost in turn or late: whatever happens, both ends agree in the
 * end, on one pair of SAs for each tunnel and one IKE SA, and no tunnel has ended.
 */
import { countingRandom } from '../../../support/list-random.js';
import { assert, test } from '../../../support/test.js';
import { assertMirrored, assertOneIkeSa, type Ends, onWire, up } from './two-ends.js';

const FOUR_MINUTES = 240_000;

interface Trouble {
  name: string;
  /** For the n-th packet (from 1) since the rekeys began. */
  of(n: number): { loses?: boolean; delayMs?: number };
}

const PACKETS = 10;
const troubles: Trouble[] = [
  { name: 'nothing lost', of: () => ({}) },
  ...Array.from({ length: PACKETS }, (_, at) => ({
    name: `packet ${at + 1} lost`,
    of: (n: number) => ({ loses: n === at + 1 }),
  })),
  ...Array.from({ length: PACKETS }, (_, at) => ({
    name: `packet ${at + 1} late`,
    of: (n: number) => (n === at + 1 ? { delayMs: 700 } : {}),
  })),
  ...Array.from({ length: 6 }, (_, at) => ({
    name: `packets ${at + 1} and ${at + 3} lost`,
    of: (n: number) => ({ loses: n === at + 1 || n === at + 3 }),
  })),
];

const seeds = [3, 4, 5, 6, 7, 8];

interface Both {
  name: string;
  begin(ends: Ends): Promise<unknown>[];
}

const both: Both[] = [
  {
    name: 'rekey of a Child SA at both ends',
    begin: ({ left, right, ours, theirs }) => [left.daemon.rekey(ours), right.daemon.rekey(theirs)],
  },
  {
    name: 'rekey of the IKE SA at both ends',
    begin: ({ left, right, ours, theirs }) => [
      left.daemon.rekeyIke(ours),
      right.daemon.rekeyIke(theirs),
    ],
  },
  {
    name: 'rekey of a Child SA here and of the IKE SA there',
    begin: ({ left, right, ours, theirs }) => [
      left.daemon.rekey(ours),
      right.daemon.rekeyIke(theirs),
    ],
  },
  {
    name: 'rekey of all at both ends',
    begin: ({ left, right, ours, theirs }) => [
      left.daemon.rekey(ours),
      left.daemon.rekeyIke(ours),
      right.daemon.rekeyIke(theirs),
      right.daemon.rekey(theirs),
    ],
  },
];

for (const { name, begin } of both)
  for (const trouble of troubles)
    test(`${name}, ${trouble.name}: both ends agree`, async () => {
      for (const seed of seeds) {
        const ends = await up({ random: countingRandom(seed) }, { random: countingRandom(99) });
        const { world } = ends;
        let n = 0;
        onWire(ends, () => trouble.of(++n));
        await world.until(Promise.all(begin(ends)), FOUR_MINUTES);
        await world.clock.advance(FOUR_MINUTES);
        assertMirrored(ends);
        assertOneIkeSa(ends);
        assert.ok(n >= 4);
        await world.stop();
      }
    });
