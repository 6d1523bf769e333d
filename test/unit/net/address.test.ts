import {
  address,
  addressBytes,
  addressFromBytes,
  formatPrefix,
  longestMatch,
  parseAddress,
  parsePrefix,
  prefix,
  prefixContains,
  prefixCovers,
  reverseName,
} from '../../../src/core/net/address.js';
import { assert, test } from '../../support/test.js';

// RFC 5952 §4 and RFC 4291 §2.2, by hand
const texts = [
  ['192.0.2.1', '192.0.2.1'],
  ['0.0.0.0', '0.0.0.0'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8::1:0:0:1', '2001:db8::1:0:0:1'],
  ['::ffff:192.0.2.1', '::ffff:c000:201'],
] as const;
for (const [given, canonical] of texts) {
  test(`address: ${given} is ${canonical}`, () => {
    const value = parseAddress(given);
    assert.is(value, canonical);
    assert.is(addressFromBytes(addressBytes(value!)), canonical);
  });
}

const nonsense = [
  '',
  '1.2.3',
  '1.2.3.256',
  '01.2.3.4',
  '1:2',
  ':::',
  '1::2::3',
  'g::',
  '1:2:3:4:5:6:7:8:9',
  '::12345',
  '1.2.3.4::',
  'fe80::1%eth0',
  '1:2:3:4:5:6:7::8',
];
for (const text of nonsense) {
  test(`address: '${text}' is none`, () => assert.is(parseAddress(text), undefined));
}

test('OE-68 reverse names of IPv4 and IPv6', () => {
  assert.is(reverseName(address('192.1.0.65')), '65.0.1.192.in-addr.arpa');
  assert.is(
    reverseName(address('2001:db8::567:89ab')),
    'b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa',
  );
});

test('prefix: host bits are cleared, families do not mix', () => {
  assert.is(formatPrefix(prefix('198.18.37.9/13')), '198.16.0.0/13');
  assert.is(formatPrefix(prefix('2001:db8:ffff::/33')), '2001:db8:8000::/33');
  assert.is(formatPrefix(prefix('192.0.2.1')), '192.0.2.1/32');
  assert.is(parsePrefix('192.0.2.0/33'), undefined);
  assert.is(parsePrefix('192.0.2.0/'), undefined);
  assert.ok(prefixContains(prefix('0.0.0.0/0'), address('203.0.113.7')));
  assert.not.ok(prefixContains(prefix('0.0.0.0/0'), address('::1')));
  assert.ok(prefixCovers(prefix('10.0.0.0/8'), prefix('10.1.0.0/16')));
  assert.not.ok(prefixCovers(prefix('10.1.0.0/16'), prefix('10.0.0.0/8')));
});

test('longest match wins, not the first', () => {
  const table = ['0.0.0.0/0', '198.18.0.0/15', '198.18.7.0/24'].map((text) => ({
    prefix: prefix(text),
  }));
  assert.is(formatPrefix(longestMatch(table, address('198.18.7.1'))!.prefix), '198.18.7.0/24');
  assert.is(formatPrefix(longestMatch(table, address('198.19.7.1'))!.prefix), '198.18.0.0/15');
  assert.is(longestMatch(table, address('::1')), undefined);
});
