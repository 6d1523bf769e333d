import {
  amount,
  below,
  bytesOf,
  listOf,
  maybe,
  moment,
  oneOf,
  readBy,
  record,
  text,
  truth,
  whole,
} from '../../../src/core/bytes/shape.js';
import { assert, test } from '../../support/test.js';

const shape = record({
  name: text,
  isOn: truth,
  count: whole,
  at: amount,
  sinceMs: moment,
  small: below(8),
  spi: bytesOf(2),
  kind: oneOf('a', 'b'),
  more: maybe(listOf(whole, 2)),
  even: readBy(whole, (value) => (value % 2 === 0 ? value / 2 : undefined)),
});
const good = {
  name: 'x',
  isOn: true,
  count: 0,
  at: -1.5,
  sinceMs: -12.5,
  small: 7,
  spi: Uint8Array.of(1, 2),
  kind: 'b',
  more: [1, 2],
  even: 4,
};

test('shape: takes what fits, without what is not named', () => {
  assert.equal(shape({ ...good, other: 1 }, 'it'), { ...good, even: 2 });
  assert.is(shape({ ...good, more: undefined }, 'it').more, undefined);
});

const wrong: readonly [string, unknown, string][] = [
  ['name', 1, 'it.name: no text'],
  ['name', undefined, 'it.name: no text'],
  ['isOn', 1, 'it.isOn: neither true nor false'],
  ['count', -1, 'it.count: no whole number'],
  ['count', 1.5, 'it.count: no whole number'],
  ['count', 2 ** 53, 'it.count: no whole number'],
  ['count', '1', 'it.count: no whole number'],
  ['small', 8, 'it.small: not below 8'],
  ['at', Number.NaN, 'it.at: no number'],
  ['sinceMs', Number.POSITIVE_INFINITY, 'it.sinceMs: no number'],
  ['sinceMs', 1e21, 'it.sinceMs: no moment'],
  ['sinceMs', -1e21, 'it.sinceMs: no moment'],
  ['spi', 'ab', 'it.spi: no bytes'],
  ['spi', Uint8Array.of(1), 'it.spi: needs 2 bytes, has 1'],
  ['kind', 'c', 'it.kind: none of a, b'],
  ['kind', '__proto__', 'it.kind: none of a, b'],
  ['more', {}, 'it.more: no list'],
  ['more', [1, 2, 3], 'it.more: has 3 items, 2 at most'],
  ['more', [1, 'x'], 'it.more[1]: no whole number'],
  ['even', 3, 'it.even: has no sense'],
];
for (const [field, value, why] of wrong)
  test(`shape: refuses ${field} of ${JSON.stringify(value) ?? 'nothing'}`, () => {
    assert.throws(
      () => shape({ ...good, [field]: value }, 'it'),
      (error: Error) => error.message === why,
    );
  });

test('shape: refuses what is no record', () => {
  for (const value of [undefined, null, 1, 'x', []])
    assert.throws(() => shape(value, 'it'), /^it(\.name)?: no (record|text)/);
});
