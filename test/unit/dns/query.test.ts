// Queries against bytes made by hand, and against dns-packet, a codec that is not ours.
/// <reference path="../../support/dns-packet.d.ts" />
// the package of this name (test/run-unit.mjs), for there is none under qjs
import { Buffer } from 'buffer';
import dnsPacket from 'dns-packet';
import { toHex } from '../../../src/core/bytes/hex.js';
import { type Query, questionOf, writeQuery } from '../../../src/core/dns/query.js';
import { assert, test } from '../../support/test.js';

const name = '65.0.1.192.in-addr.arpa';
const usual: Query = { id: 0x1234, name, type: 16, checkingDisabled: false, edns: true };

test('query: recursion, AD, EDNS0 with 1232 bytes and DO, as RFC 1035 and RFC 6891 lay it out', () => {
  const query = writeQuery(usual);
  const head = '1234 0120 0001 0000 0000 0001';
  const ask = '023635 0130 0131 03313932 07696e2d61646472 0461727061 00 0010 0001';
  const opt = '00 0029 04d0 00 00 8000 0000';
  assert.is(toHex(query), (head + ask + opt).replace(/ /g, ''));
  assert.is(toHex(questionOf(query)), ask.replace(/ /g, ''));
});

test('query: CD on request, and no OPT record without EDNS', () => {
  const bytes = writeQuery({ ...usual, type: 45, checkingDisabled: true, edns: false });
  assert.is(toHex(bytes.slice(2, 12)), '01300001000000000000');
  assert.is(toHex(bytes.slice(-4)), '002d0001');
});

const others: [string, Partial<Query>][] = [
  ['the usual one', {}],
  ['mixed case', { name: 'WwW.eXample.COM' }],
  ['a final dot', { name: 'example.com.' }],
  ['the root', { name: '.' }],
  ['the longest label', { name: `${'a'.repeat(63)}.example` }],
  ['the longest name', { name: `${'abc.'.repeat(63)}a` }],
  ['an address of IPv6', { name: `${'f.'.repeat(32)}ip6.arpa`, type: 25 }],
  ['the greatest numbers', { id: 0xffff, type: 0xffff }],
  ['the smallest numbers', { id: 0, type: 1 }],
  ['CD', { checkingDisabled: true }],
  ['no EDNS', { edns: false }],
];
for (const [what, change] of others) {
  const query = { ...usual, ...change };

  test(`query: dns-packet reads what was asked: ${what}`, () => {
    const read = dnsPacket.decode(Buffer.from(writeQuery(query)));
    assert.equal([read.type, read.id], ['query', query.id]);
    assert.is(read.questions.length, 1);
    const [question] = read.questions;
    assert.is(question?.name, query.name.replace(/(.)\.$/, '$1'));
    assert.is(question?.class, 'IN');
    assert.equal([read.answers, read.authorities], [[], []]);
    const opt = { name: '.', type: 'OPT', udpPayloadSize: 1232, extendedRcode: 0, ednsVersion: 0 };
    const additionals = [{ ...opt, flags: dnsPacket.DNSSEC_OK, flag_do: true, options: [] }];
    assert.equal(read.additionals, query.edns ? additionals : []);
  });

  test(`query: dns-packet writes the same bytes: ${what}`, () => {
    const { RECURSION_DESIRED, AUTHENTIC_DATA, CHECKING_DISABLED, DNSSEC_OK } = dnsPacket;
    const wanted = dnsPacket.encode({
      type: 'query',
      id: query.id,
      flags: RECURSION_DESIRED | AUTHENTIC_DATA | (query.checkingDisabled ? CHECKING_DISABLED : 0),
      questions: [{ name: query.name, type: `UNKNOWN_${query.type}` }],
      additionals: query.edns
        ? [{ type: 'OPT', name: '.', udpPayloadSize: 1232, flags: DNSSEC_OK }]
        : [],
    });
    assert.is(toHex(writeQuery(query)), toHex(Uint8Array.from(wanted)));
  });
}

test('query: a name that is none is refused, nothing of it is sent', () => {
  for (const wrong of ['a..b', 'a'.repeat(64), `${'abc.'.repeat(63)}ab`, 'a b', 'a\\032b'])
    assert.throws(() => writeQuery({ ...usual, name: wrong }), /^name: /);
});
