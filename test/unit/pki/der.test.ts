import { fromHex, toHex } from '../../../src/core/bytes/hex.js';
import { DerError, DerReader, der, derUnsigned, Tag, tryDer } from '../../../src/core/pki/der.js';
import { fromPem, toPem } from '../../../src/core/pki/pem.js';
import { assert, test } from '../../support/test.js';

// number as big-endian bytes, INTEGER; X.690 §8.3
const integers: [string, string][] = [
  ['', '020100'],
  ['01', '020101'],
  ['7f', '02017f'],
  ['80', '02020080'],
  ['0100', '02020100'],
  ['ffff', '020300ffff'],
];

for (const [value, wire] of integers) {
  test(`der: writes INTEGER ${wire}`, () => {
    assert.is(toHex(derUnsigned(fromHex(value))), wire);
    assert.is(toHex(derUnsigned(fromHex(`0000${value}`))), wire);
  });
  test(`der: reads INTEGER ${wire}`, () => {
    const reader = new DerReader(fromHex(wire), 'test');
    assert.is(toHex(reader.unsigned()), value);
    reader.end();
  });
}

// X.690 §8.1.3, §10.1, §8.3.2
const refused: [string, string][] = [
  ['empty', ''],
  ['no length', '02'],
  ['content missing', '0202ff'],
  ['negative INTEGER', '0201ff'],
  ['empty INTEGER', '0200'],
  ['needless zero', '02020001'],
  ['indefinite length', '0280010000'],
  ['length 1 in two bytes', '02810101'],
  ['length of 3 bytes with a leading zero', '0282000101'],
  ['length of four bytes', '0284000000010 1'],
  ['length beyond the end', '0283ffffff01'],
  ['another tag', '040101'],
];

for (const [what, wire] of refused)
  test(`der: refuses ${what}`, () => {
    assert.throws(
      () => new DerReader(fromHex(wire), 'test').unsigned(),
      (error: unknown) => error instanceof DerError && /^test: /.test(error.message),
    );
    assert.is(
      tryDer(() => new DerReader(fromHex(wire), 'test').unsigned()),
      undefined,
    );
  });

test('der: lengths of every size come back', () => {
  for (const length of [0, 1, 127, 128, 255, 256, 65535, 65536]) {
    const content = new Uint8Array(length).fill(3);
    const reader = new DerReader(der(Tag.OCTET_STRING, content), 'test');
    assert.is(reader.read(Tag.OCTET_STRING).length, length);
    reader.end();
  }
});

test('der: bytes left over and BIT STRINGs of odd bits are errors; own errors pass', () => {
  const reader = new DerReader(fromHex('0201010201'), 'test');
  reader.unsigned();
  assert.throws(() => reader.end(), /2 bytes too many/);
  assert.throws(() => new DerReader(fromHex('03020780'), 'test').bits(), /whole bytes/);
  assert.throws(() => new DerReader(fromHex('0205010203040 5'), 'test').smallUnsigned(), /5 bytes/);
  assert.throws(
    () =>
      tryDer(() => {
        throw new TypeError('ours');
      }),
    /ours/,
  );
});

test('pem: writes lines of 64, reads with text around, refuses other labels at the end', () => {
  const content = new Uint8Array(100).map((_, i) => i);
  const text = toPem('TEST THING', content);
  assert.ok(text.split('\n').every((line) => line.length <= 64));
  const block = fromPem(`comment\n${text.replace(/\n/g, '\r\n')}after`);
  assert.is(block?.label, 'TEST THING');
  assert.equal(block?.content, content);
  assert.is(fromPem(text.replace('END TEST', 'END REST')), undefined);
  assert.is(fromPem('nothing here'), undefined);
});
