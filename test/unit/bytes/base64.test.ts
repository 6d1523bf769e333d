import { fromBase64, toBase64 } from '../../../src/core/bytes/base64.js';
import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import { assert, test } from '../../support/test.js';

// RFC 4648 §10
const vectors = [
  ['', ''],
  ['f', 'Zg=='],
  ['fo', 'Zm8='],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg=='],
  ['fooba', 'Zm9vYmE='],
  ['foobar', 'Zm9vYmFy'],
] as const;
for (const [text, encoded] of vectors) {
  test(`base64: '${text}' both ways`, () => {
    assert.is(toBase64(utf8(text)), encoded);
    assert.is(fromUtf8(fromBase64(encoded)!), text);
    assert.is(fromUtf8(fromBase64(encoded.replace(/=/g, ''))!), text);
  });
}

test('base64: every byte survives, whatever the length', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => (i * 7) & 255);
  for (let length = 0; length < 256; length++) {
    const part = bytes.slice(0, length);
    assert.equal(fromBase64(toBase64(part)), part);
  }
});

for (const text of ['A', 'AB-C', 'AAAAA', 'A=AA', '====']) {
  test(`base64: '${text}' is none`, () => assert.is(fromBase64(text), undefined));
}
