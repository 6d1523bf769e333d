/** Packets made by hand after RFC 791, RFC 8200, RFC 792 and RFC 4443. */
import { concat } from '../../../src/core/bytes/bytes.js';
import { fromHex } from '../../../src/core/bytes/hex.js';
import { readHeaders } from '../../../src/core/kernel/packet-headers.js';
import { mutations, prefixes } from '../../support/mangle.js';
import { assert, test } from '../../support/test.js';

const v4 = (protocol: string, rest: string, fragment = '4000') =>
  fromHex(`4500 0054 0001 ${fragment} 40 ${protocol} 0000 c6120102 c6120209 ${rest}`);
const v6 = (next: string, rest: string) =>
  fromHex(
    `60000000 0028 ${next} 40 20010db8000100000000000000000002 20010db8000200000000000000000009 ${rest}`,
  );

const four = { source: '198.18.1.2', destination: '198.18.2.9' };
const six = { source: '2001:db8:1::2', destination: '2001:db8:2::9' };
const ports = { sourcePort: 50000, destinationPort: 443 };
const none = { sourcePort: 0, destinationPort: 0 };

const vectors: [string, Uint8Array, object][] = [
  ['TCP in IPv4', v4('06', 'c350 01bb 00000000'), { ...four, protocol: 6, ...ports }],
  ['UDP in IPv4', v4('11', 'c350 01bb 0008 0000'), { ...four, protocol: 17, ...ports }],
  [
    'echo request in IPv4',
    v4('01', '0800 0000 1234 0001'),
    { ...four, protocol: 1, sourcePort: 0x1234, destinationPort: 0 },
  ],
  ['unreachable in IPv4', v4('01', '0301 0000 1234 0001'), { ...four, protocol: 1, ...none }],
  ['a first fragment', v4('11', 'c350 01bb', '2000'), { ...four, protocol: 17, ...ports }],
  ['a later fragment', v4('11', 'c350 01bb', '2010'), { ...four, protocol: 17, ...none }],
  [
    'IPv4 with options',
    concat(fromHex('46'), v4('06', '01010101 c350 01bb').slice(1)),
    { ...four, protocol: 6, ...ports },
  ],
  ['GRE in IPv4', v4('2f', 'c350 01bb'), { ...four, protocol: 47, ...none }],
  ['TCP in IPv6', v6('06', 'c350 01bb'), { ...six, protocol: 6, ...ports }],
  [
    'echo request in IPv6',
    v6('3a', '8000 0000 1234 0001'),
    { ...six, protocol: 58, sourcePort: 0x1234, destinationPort: 0 },
  ],
  [
    'UDP behind hop-by-hop and destination options',
    v6('00', '3c 00 000000000000 11 01 0000000000000000000000000000 c350 01bb'),
    { ...six, protocol: 17, ...ports },
  ],
  [
    'UDP behind a first fragment header',
    v6('2c', '11 00 0001 00000001 c350 01bb'),
    { ...six, protocol: 17, ...ports },
  ],
  [
    'UDP in a later fragment',
    v6('2c', '11 00 0011 00000001 c350 01bb'),
    { ...six, protocol: 17, ...none },
  ],
  [
    'extension headers that go on for ever',
    v6('00', '00 00 000000000000 '.repeat(12)),
    { ...six, protocol: 0, ...none },
  ],
  ['an extension header cut short', v6('00', '3c 00 0000'), { ...six, protocol: 0, ...none }],
];

for (const [what, packet, expected] of vectors)
  test(`packet headers: ${what}`, () => assert.equal(readHeaders(packet), expected));

test('packet headers: what is no IP packet is refused', () => {
  assert.is(readHeaders(new Uint8Array(0)), undefined);
  assert.is(readHeaders(new Uint8Array(40)), undefined);
  assert.is(readHeaders(v4('06', '').slice(0, 19)), undefined);
  assert.is(readHeaders(v6('06', '').slice(0, 39)), undefined);
  assert.is(readHeaders(concat(fromHex('44'), v4('06', '').slice(1))), undefined);
  assert.is(readHeaders(concat(fromHex('4f'), v4('06', '').slice(1))), undefined);
});

test('packet headers: cut or spoiled packets give numbers or nothing', () => {
  for (const [, packet] of vectors) {
    const all = [...prefixes(packet), ...[...mutations(packet)].map(({ bytes }) => bytes)];
    for (const bytes of all) {
      const headers = readHeaders(bytes);
      if (!headers) continue;
      assert.ok(Number.isInteger(headers.sourcePort) && headers.sourcePort <= 65535);
      assert.ok(Number.isInteger(headers.destinationPort) && headers.destinationPort <= 65535);
    }
  }
});
