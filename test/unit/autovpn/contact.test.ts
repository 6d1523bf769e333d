// Text of strangers for people: Contact Details and fingerprints.
import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import { cleanContact, contactBody } from '../../../src/plugins/autovpn/trust/contact.js';
import { grouped, isFingerprintOf } from '../../../src/plugins/autovpn/trust/fingerprint.js';
import { trustOptions } from '../../../src/plugins/autovpn/trust/options.js';
import { assert, test } from '../../support/test.js';

for (const [what, given, shown] of [
  ['text of any language', 'Gerät ☎ 日本語', 'Gerät ☎ 日本語'],
  ['line feeds', 'one\ntwo', 'one\ntwo'],
  ['HTML as it is', '<b>x</b> &amp; <script>', '<b>x</b> &amp; <script>'],
  ['C0 controls', 'a\u0000b\u0007c\u001b[31md\re\tf\u007f', 'abc[31mdef'],
  ['C1 controls', 'a\u0085b\u009bc', 'abc'],
  ['bidirectional controls', 'a\u202eb\u2066c\u2069d\u200ee\u061cf', 'abcdef'],
  ['what can not be seen', 'a\u200bb\u2060c\ufeffd\u2028e', 'abcde'],
] as const)
  test(`AV-113 AV-A42: ${what}`, () => {
    assert.is(cleanContact(utf8(given)), shown);
  });

test('AV-A42: what is no UTF-8 becomes U+FFFD', () => {
  assert.is(cleanContact(Uint8Array.of(0x61, 0xff, 0xc3, 0x62)), 'a\ufffd\ufffdb');
});

for (const [what, text, octets] of [
  ['at the limit', 'x'.repeat(1024), 1024],
  ['one too many', 'x'.repeat(1025), 1024],
  ['in the middle of a character', 'ä'.repeat(1000), 1024],
  ['in the middle of a long one', `xy${'☎'.repeat(500)}`, 1023],
] as const)
  test(`AV-A42: longer than 1024 octets, cut ${what}`, () => {
    const sent = contactBody(text);
    const whole = fromUtf8(sent);
    assert.ok(sent.length <= octets && sent.length > octets - 4, `${sent.length}`);
    assert.is(whole.includes('\ufffd'), false);
    assert.ok(text.startsWith(whole));
    // And of a peer that sends more than it should
    assert.ok(utf8(cleanContact(utf8(text))).length <= 1024);
  });

test('AV-A42: bytes that are no text do not grow beyond the limit', () => {
  assert.ok(utf8(cleanContact(new Uint8Array(5000).fill(0xff))).length <= 1024);
});

test('AV-113: the text that is there by default tells how to compare fingerprints', () => {
  assert.match(trustOptions.contactDetails.default, /fingerprint.*compare/s);
  assert.ok(trustOptions.contactDetails.parse([trustOptions.contactDetails.default]).ok);
});

const fingerprint = `${'0123456789abcdef'.repeat(3)}fedcba9876543210`;

for (const [what, typed, isGood] of [
  ['all of it', fingerprint, true],
  ['in groups and capitals', grouped(fingerprint), true],
  ['with colons', fingerprint.replace(/..(?=.)/g, '$&:'), true],
  ['its last 16 digits', 'fedcba9876543210', true],
  ['its last 16 digits in groups', 'FEDC BA98 7654 3210', true],
  ['its first 16 digits', '0123456789abcdef', false],
  ['15 digits', 'edcba9876543210', false],
  ['17 digits', 'ffedcba9876543210', false],
  ['nothing', '', false],
  ['a yes', 'yes', false],
  ['one digit wrong', fingerprint.replace('0', '1'), false],
] as const)
  test(`AV-A35: a fingerprint is taken for the right one, given ${what}: ${isGood}`, () => {
    assert.is(isFingerprintOf(typed, fingerprint), isGood);
  });
