import { address } from '../../../src/core/net/address.js';
import { parseDelegation } from '../../../src/plugins/oe-dns/delegation.js';
import { keyText, testKey } from '../../support/table-resolver.js';
import { assert, test } from '../../support/test.js';

const key = testKey(1);
const base64 = keyText(key);
const v4 = { address: address('192.1.1.5') };

// draft-richardson-ipsec-opportunistic §5.2 and Implementing Opportunistic Encryption, by hand
const good = [
  [
    'OE-69 precedence, address and key',
    `X-IPsec-Server(10)=192.1.1.5 ${base64}`,
    { precedence: 10, gateway: v4, key },
  ],
  ['OE-71 no key in the record', 'X-IPsec-Server(10)=192.1.1.5', { precedence: 10, gateway: v4 }],
  [
    'OE-74 gateway by name',
    `X-IPsec-Server(10)=@GW.example.org. ${base64}`,
    { precedence: 10, gateway: { fqdn: 'gw.example.org' }, key },
  ],
  [
    'SP-8 no precedence',
    `X-IPsec-Server=192.1.1.5 ${base64}`,
    { precedence: 65536, gateway: v4, key },
  ],
  [
    'SP-9 key by name',
    'X-IPsec-Server(10)=192.1.1.5 @gw.example',
    { precedence: 10, gateway: v4, keyName: 'gw.example' },
  ],
  [
    'SP-12 IPv6 gateway',
    'X-IPsec-Server(10)=2001:2::5',
    { precedence: 10, gateway: { address: address('2001:2::5') } },
  ],
  [
    'OE-77 white space inside the key',
    `X-IPsec-Server(10)=192.1.1.5 ${base64.slice(0, 9)} \t${base64.slice(9, 50)}\n${base64.slice(50)} `,
    { precedence: 10, gateway: v4, key },
  ],
] as const;
for (const [what, text, expected] of good) {
  test(`${what}`, () =>
    assert.equal(parseDelegation(text), { kind: 'delegation', delegation: expected }));
}

for (const [name, separator] of [
  ['space', ' '],
  ['tab', '\t'],
  ['newline', '\n'],
  ['return', '\r'],
  ['a run', ' \t\r\n '],
] as const) {
  test(`OE-72 ${name} separates the fields`, () => {
    const parsed = parseDelegation(`X-IPsec-Server(10)=192.1.1.5${separator}${base64}`);
    assert.equal(parsed, { kind: 'delegation', delegation: { precedence: 10, gateway: v4, key } });
  });
}

for (const text of [
  '',
  'v=spf1 -all',
  'X-IPsec-Serve(10)=192.1.1.5',
  'something X-IPsec-Server(10)=192.1.1.5',
]) {
  test(`OE-70 '${text}' belongs to another application`, () =>
    assert.equal(parseDelegation(text), { kind: 'other' }));
}

const bad = [
  'X-IPsec-Server(ten)=192.1.1.5',
  'X-IPsec-Server(65536)=192.1.1.5',
  'X-IPsec-Server(-1)=192.1.1.5',
  'X-IPsec-Server(10)=',
  'X-IPsec-Server(10)=192.1.1.256',
  'X-IPsec-Server(10)=gw.example.org',
  'X-IPsec-Server(10)=@',
  'X-IPsec-Server(10)=@x-..',
  'X-IPsec-Server(10)=192.1.1.5 not*base64',
  'X-IPsec-Server(10)=192.1.1.5 AQ==',
  `X-IPsec-Server(10)=192.1.1.5 @${'a'.repeat(300)}`,
];
for (const text of bad) {
  test(`'${text.slice(0, 50)}' is malformed`, () =>
    assert.is(parseDelegation(text).kind, 'malformed'));
}

test('parsing a delegation ends and never throws, whatever the text', () => {
  const seeds = good.map(([, text]) => text);
  let state = 1;
  const next = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
  for (let round = 0; round < 3000; round++) {
    const chars = [...seeds[next(seeds.length)]!];
    for (let i = 0; i < 4; i++) chars[next(chars.length)] = String.fromCharCode(next(256));
    assert.ok(['delegation', 'other', 'malformed'].includes(parseDelegation(chars.join('')).kind));
  }
  for (const hostile of ['a-'.repeat(60000), `${'a'.repeat(250)}!`, '.'.repeat(250)])
    assert.is(parseDelegation(`X-IPsec-Server(1)=@${hostile}`).kind, 'malformed');
});
