/** What docs/publishing.md promises is what the code does; and what it must say, it says. */
import { readFileSync } from 'node:fs';
import { trustText } from '../../../src/core/control/status.js';
import { ipsecKeyRecord, keyRecord, readIpsecKey } from '../../../src/core/dns/key-record.js';
import { oeDnsOptions } from '../../../src/plugins/oe-dns/options.js';
import { testKey } from '../../support/table-resolver.js';
import { assert, test } from '../../support/test.js';

const page = readFileSync('docs/publishing.md', 'utf8').replace(/\s+/g, ' ');

/** The text below a heading. */
function part(heading: string): string {
  const [, text] = page.split(`## ${heading} `);
  assert.ok(text, `no part '${heading}'`);
  return text!.split(' ## ')[0]!;
}

test('OE-81 the page says which records are printed and read, and why, as the code has it', () => {
  const records = part('Which records, and who reads them');
  const { flags, protocol, algorithm } = ipsecKeyRecord(testKey(1));
  const hex = `0x${flags.toString(16)}`;
  assert.match(records, `KEY \`${flags} ${protocol} ${algorithm} `);
  assert.match(records, `(${hex} ${protocol} ${algorithm})`);
  const isRead = (each: number) =>
    readIpsecKey(keyRecord.write({ ...ipsecKeyRecord(testKey(1)), algorithm: each })).ok;
  const read = Array.from({ length: 256 }, (_, i) => i).filter(isRead);
  assert.match(records, `algorithm ${read.join(' or ')} are read`);
  for (const word of ['TXT', 'IPSECKEY', 'RFC 3445', 'RFC 4025', 'FreeS/WAN'])
    assert.match(records, word);
});

test('OE-88 the page asks for a signed zone, and says what for', () => {
  assert.match(part('Sign the zone'), /Have the zone signed with DNSSEC/);
  for (const { uci } of [oeDnsOptions.requiresDnssec, oeDnsOptions.trustsUnsignedDelegation])
    assert.match(part('Sign the zone'), `\`${uci}\``);
});

test('OE-89 the page tells the two levels apart in the words of the status', () => {
  const levels = part('Sign the zone');
  assert.match(levels, trustText.dnssec);
  const [, words] = trustText.dns.split(': ');
  assert.match(levels, words!);
  assert.match(levels, /against listeners only: who can forge DNS answers can pose as the other/);
});

test('SP-16 the page says where signatures are checked, and that a second look stays at home', () => {
  const where = part('Where signatures are checked');
  assert.match(where, /best on the router itself/);
  assert.match(where, /second look, by whomever, causes no traffic beyond your line/);
});

test('OE-138 the page says that nobody is called behind a NAT, and may call from there', () => {
  const nat = part('Behind a NAT');
  assert.match(nat, /nobody can start a tunnel to it, and the service does not try/);
  assert.match(nat, /From there you can call others/);
});
