import { toHex } from '../../../src/core/bytes/hex.js';
import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import { assert, test } from '../../support/test.js';

// examples of RFC 3629 §7, and the first and last character of each length
const pairs: [string, string, string][] = [
  ['nothing', '', ''],
  ['RFC 3629: A, not identical to, alpha, full stop', 'A\u2262\u0391.', '41e289a2ce912e'],
  ['RFC 3629: hangugeo', '\ud55c\uad6d\uc5b4', 'ed959ceab5adec96b4'],
  ['RFC 3629: nihongo', '\u65e5\u672c\u8a9e', 'e697a5e69cace8aa9e'],
  ['RFC 3629: stump of tree', '\u{233b4}', 'f0a38eb4'],
  ['one byte', '\u0000\u007f', '007f'],
  ['two bytes', '\u0080\u07ff', 'c280dfbf'],
  ['three bytes', '\u0800\uffff', 'e0a080efbfbf'],
  ['four bytes', '\u{10000}\u{10ffff}', 'f0908080f48fbfbf'],
];
for (const [what, text, hex] of pairs) {
  test(`text: writes ${what}`, () => assert.is(toHex(utf8(text)), hex));
  test(`text: reads ${what}`, () => assert.is(fromUtf8(utf8(text)), text));
}

// each byte that is part of no character stands for itself
const broken: [string, number[], string][] = [
  ['a lone continuation byte', [0x41, 0x80, 0x42], 'A\ufffdB'],
  ['an overlong slash', [0xc0, 0xaf], '\ufffd\ufffd'],
  ['an overlong NUL in three bytes', [0xe0, 0x80, 0x80], '\ufffd\ufffd\ufffd'],
  ['a surrogate', [0xed, 0xa0, 0x80], '\ufffd\ufffd\ufffd'],
  ['a number above U+10FFFF', [0xf4, 0x90, 0x80, 0x80], '\ufffd\ufffd\ufffd\ufffd'],
  ['bytes that begin nothing', [0xf8, 0xff], '\ufffd\ufffd'],
  ['a character cut short', [0x41, 0xe2, 0x89], 'A\ufffd\ufffd'],
];
for (const [what, bytes, text] of broken)
  test(`text: reads around ${what}`, () => assert.is(fromUtf8(Uint8Array.from(bytes)), text));

test('text: a lone surrogate is written as U+FFFD', () => {
  assert.is(toHex(utf8('a\ud800b\udc00')), '61efbfbd62efbfbd');
});

for (const length of [4095, 4096, 4097, 10_000])
  test(`text: ${length} letters before something else`, () => {
    const text = `${'ab'.repeat(length).slice(0, length)}\u00e9${'c'.repeat(length)}`;
    assert.is(fromUtf8(utf8(text)), text);
  });
