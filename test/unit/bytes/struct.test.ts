import { fromHex, toHex } from '../../../src/core/bytes/hex.js';
import {
  bytes,
  countOf,
  equalItems,
  lengthOf,
  list,
  ownLength,
  reserved,
  rest,
  restOf,
  sizeOfEach,
  splitRecords,
  struct,
  u8,
  u16,
  u32,
} from '../../../src/core/bytes/struct.js';
import { assert, test } from '../../support/test.js';

const tagged = struct('tagged', {
  kind: u8,
  size: lengthOf('tag', u8),
  pad: reserved(1),
  total: ownLength(u16),
  tag: bytes('size'),
  number: u32,
  tail: rest,
});

test('struct: writes lengths and totals by itself, and reads back the same value', () => {
  const value = { kind: 7, tag: fromHex('aabb'), number: 0xfffffffe, tail: fromHex('01') };
  const wire = tagged.write(value);
  assert.is(toHex(wire), '0702 00 000c aabb fffffffe 01'.replaceAll(' ', ''));
  assert.equal(tagged.read(wire), { ok: true, value });
});

const errors = [
  ['nothing at all', '', 'tagged.kind: needs 1 bytes, 0 left'],
  ['a tag longer than the rest', '07ff 00 0009 aabb 0000', 'tagged.tag: needs 255 bytes, 4 left'],
  ['a total that lies', '0700 00 0010 00000000', 'tagged.total: says 16, there are 9 bytes'],
] as const;
for (const [what, wire, error] of errors)
  test(`struct: refuses ${what}, naming the field and both numbers`, () => {
    assert.equal(tagged.read(fromHex(wire)), { ok: false, error });
  });

test('struct: refuses bytes left over', () => {
  const two = struct('two', { a: u8, b: u8 });
  assert.equal(two.read(fromHex('010203')), { ok: false, error: 'two: 1 bytes left over' });
});

test('struct: a number that does not fit is a bug of ours and throws', () => {
  const one = struct('one', { a: u8 });
  assert.throws(() => one.write({ a: 256 }), /256 does not fit in 1 bytes/);
  assert.throws(() => one.write({ a: -1 }), /-1 does not fit/);
});

test('struct: bounded rest', () => {
  const few = struct('few', { data: restOf(2, 3) });
  assert.ok(few.read(fromHex('0102')).ok);
  assert.equal(few.read(fromHex('01')), {
    ok: false,
    error: 'few.data: has 1 bytes, 2 to 3 allowed',
  });
  assert.not(few.read(fromHex('01020304')).ok);
});

const item = struct('item', { mark: reserved(1), id: u8, size: ownLength(u16), body: rest });
const items = struct('items', {
  count: countOf('all', u8),
  all: list(item, { limit: 2, count: 'count', moreMark: 3 }),
});

test('struct: lists carry a count, marks and a limit', () => {
  const value = {
    all: [
      { id: 1, body: fromHex('aa') },
      { id: 2, body: fromHex('') },
    ],
  };
  const wire = items.write(value);
  assert.is(toHex(wire), '02 03010005aa 00020004'.replaceAll(' ', ''));
  assert.equal(items.read(wire), { ok: true, value });
});

const badLists = [
  ['count', '01 03010004 00020004', 'items.all: 1 items announced, there are 2'],
  ['mark', '02 00010004 00020004', 'items.all: item 0 is marked 0, not 3'],
  ['limit', '03 03010004 03010004 00010004', 'items.all: more than 2 items'],
  ['length', '01 00010009', 'items.all: says 9 bytes, 4 left'],
  ['length below its own head', '01 00010003', 'items.all: says 3 bytes, 4 left'],
  ['head', '01 000100', 'items.all: needs 4 bytes, 3 left'],
] as const;
for (const [what, wire, error] of badLists)
  test(`struct: refuses a list with a wrong ${what}`, () => {
    assert.equal(items.read(fromHex(wire)), { ok: false, error });
  });

const equalOnes = struct('equal', {
  each: sizeOfEach('all', u8),
  count: countOf('all', u16),
  all: equalItems('each', 'count', 3),
});

test('struct: items of equal length, also none', () => {
  const value = { all: [fromHex('0102'), fromHex('0304')] };
  assert.is(toHex(equalOnes.write(value)), '02000201020304');
  assert.equal(equalOnes.read(fromHex('02000201020304')), { ok: true, value });
  assert.is(toHex(equalOnes.write({ all: [] })), '000000');
});

test('struct: a huge count of items is refused before anything is made of it', () => {
  assert.equal(equalOnes.read(fromHex('00ffff')), {
    ok: false,
    error: 'equal.all: 65535 items, at most 3 allowed',
  });
});

test('splitRecords: empty bytes are no records', () => {
  assert.equal(splitRecords('x', fromHex(''), 1), { ok: true, value: [] });
});
