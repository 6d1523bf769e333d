import { fromHex, toHex } from '../../../src/core/bytes/hex.js';
import { mixCase, parseName, readName, writeName } from '../../../src/core/dns/name.js';
import { assert, test } from '../../support/test.js';

// source: made by hand after RFC 1035 §3.1
const vectors = [
  ['the root', '', '00'],
  ['one label', 'arpa', '046172706100'],
  [
    'a reverse name',
    '65.0.1.192.in-addr.arpa',
    '023635013001310331393207696e2d61646472046172706100',
  ],
  ['an RFC 2317 label', '64/26.1', '0536342f3236013100'],
] as const;
for (const [what, text, wire] of vectors) {
  test(`name: reads ${what}`, () => {
    const bytes = fromHex(wire);
    assert.equal(readName(bytes, 0, false), {
      ok: true,
      value: { value: text, end: bytes.length },
    });
  });
  test(`name: writes ${what}`, () => assert.is(toHex(writeName(text)), wire));
  test(`name: refuses ${what} cut short`, () => {
    const bytes = fromHex(wire);
    for (let i = 0; i < bytes.length; i++) assert.not(readName(bytes.slice(0, i), 0, true).ok);
  });
}

test('name: text is made canonical, and refused where it has no wire form', () => {
  assert.equal(parseName('WWW.Example.ORG.'), { ok: true, value: 'www.example.org' });
  const label63 = 'a'.repeat(63);
  assert.ok(parseName(`${label63}.b`).ok);
  const bad = [`${label63}a.b`, 'a..b', '.a', 'a b', 'a\\.b', 'a"b', '$origin', '@', 'ä.b'];
  for (const text of bad) assert.not(parseName(text).ok, text);
  const exact = `${label63}.${label63}.${label63}.${'a'.repeat(61)}`;
  assert.is(writeName(exact).length, 255);
  assert.equal(parseName(`${exact}a`), {
    ok: false,
    error: 'name: has 256 bytes, 255 allowed',
  });
});

test('name: a label may hold any byte, and its text can not be mistaken for two labels', () => {
  const read = readName(fromHex('03612e62000000'), 0, false);
  assert.ok(read.ok && read.value.value === 'a\\046b');
  assert.not(parseName('a\\046b').ok);
});

test('name: pointers lead backwards only, and a chain of them ends', () => {
  // www at 5, pointing to example at 0
  const message = fromHex('03616263 00 03777777 c000');
  assert.equal(readName(message, 5, true), { ok: true, value: { value: 'www.abc', end: 11 } });
  assert.not(readName(message, 5, false).ok, 'not where compression is forbidden');
  const bad = ['c000', 'c002c000', '0161c000', '0161c002', '40', '80', 'c0', '0161c0ff'];
  for (const wire of bad) assert.not(readName(fromHex(wire), 0, true).ok, wire);
  assert.equal(readName(fromHex('c000'), 0, true), {
    ok: false,
    error: 'name: pointer 1 at 0 leads to 0',
  });
  // each pointer leads to the one before: legal bytes, no sense
  const chain = new Uint8Array(2 + 2 * 4000);
  for (let i = 1; i <= 4000; i++) {
    chain[2 * i] = 0xc0 | ((2 * i - 2) >> 8);
    chain[2 * i + 1] = (2 * i - 2) & 255;
  }
  const far = readName(chain, 8000, true);
  assert.ok(!far.ok && far.error.includes('pointer 128'));
  assert.ok(readName(chain, 2 * 127, true).ok, 'up to the limit it is read');
});

test('name: longer than 255 bytes is refused, also by way of pointers', () => {
  const label = [63, ...new Array<number>(63).fill(97)];
  const long = Uint8Array.from([...label, ...label, ...label, ...label, 0]);
  assert.equal(readName(long, 0, true), { ok: false, error: 'name: longer than 255 bytes' });
  const tail = Uint8Array.from([...label, ...label, 0, ...label, ...label, 0xc0, 0]);
  assert.not(readName(tail, 129, true).ok);
});

test('name: mixes the case of letters only', () => {
  assert.is(mixCase('a-1.bc', Uint8Array.of(1, 1, 1, 1, 0, 3)), 'A-1.bC');
});
