import { exemptIntervals, formatInterval } from '../../../src/core/kernel/intervals.js';
import {
  addressFromBytes,
  type IpFamily,
  longestMatch,
  type Prefix,
  prefix,
} from '../../../src/core/net/address.js';
import { countingRandom } from '../../support/list-random.js';
import { assert, test } from '../../support/test.js';

const shown = (exempt: string[], held: string[], family: IpFamily = 4) =>
  exemptIntervals(exempt.map(prefix), held.map(prefix), family).map(formatInterval);

const rows: [string, string[], string[], string[]][] = [
  ['nothing', [], [], []],
  ['one block', ['10.0.0.0/8'], [], ['10.0.0.0-10.255.255.255']],
  ['neighbours join', ['10.0.0.0/9', '10.128.0.0/9'], [], ['10.0.0.0-10.255.255.255']],
  ['one address', ['192.0.2.1/32'], [], ['192.0.2.1']],
  [
    'a hole in it',
    ['10.0.0.0/8'],
    ['10.1.0.0/16'],
    ['10.0.0.0-10.0.255.255', '10.2.0.0-10.255.255.255'],
  ],
  [
    'an island in the hole',
    ['10.0.0.0/8', '10.1.2.0/24'],
    ['10.1.0.0/16'],
    ['10.0.0.0-10.0.255.255', '10.1.2.0-10.1.2.255', '10.2.0.0-10.255.255.255'],
  ],
  ['the same block held', ['10.0.0.0/8'], ['10.0.0.0/8'], []],
  ['all but one', ['0.0.0.0/0'], ['0.0.0.0/1'], ['128.0.0.0-255.255.255.255']],
  ['held without exempt', [], ['10.0.0.0/8'], []],
];

for (const [what, exempt, held, expected] of rows)
  test(`exempt intervals: ${what}`, () => assert.equal(shown(exempt, held), expected));

test('exempt intervals: families are apart', () => {
  const exempt = ['fc00::/7', '10.0.0.0/8'];
  assert.equal(shown(exempt, ['fd00:1::/32'], 6), [
    'fc00::-fd00:0:ffff:ffff:ffff:ffff:ffff:ffff',
    'fd00:2::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  ]);
});

test('exempt intervals: agree with the longest match for many blocks', () => {
  const random = countingRandom();
  const block = (): Prefix => {
    const [a, length] = random(2) as unknown as [number, number];
    return prefix(`10.0.${a & 15}.${a & 240}/${22 + (length % 11)}`);
  };
  for (let round = 0; round < 30; round++) {
    const exempt = Array.from({ length: 6 }, block);
    const held = Array.from({ length: 6 }, block);
    const intervals = exemptIntervals(exempt, held, 4).map((each) => [each.first, each.last]);
    const table = [
      ...held.map((each) => ({ prefix: each, isExempt: false })),
      ...exempt.map((each) => ({ prefix: each, isExempt: true })),
    ];
    const number = (text: string) =>
      text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
    for (let i = 0; i < 64; i++) {
      const [c, d] = random(2) as unknown as [number, number];
      const one = addressFromBytes([10, 0, c & 15, d]);
      const inside = intervals.some(
        ([first, last]) => number(first!) <= number(one) && number(one) <= number(last!),
      );
      assert.is(inside, longestMatch(table, one)?.isExempt ?? false, `${one} in round ${round}`);
    }
  }
});
