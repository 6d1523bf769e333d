import {
  byteCount,
  columns,
  duration,
  lineWidth,
  wrap,
} from '../../../src/core/control/columns.js';
import { type StatusReport, trustText } from '../../../src/core/control/status.js';
import { statusText } from '../../../src/core/control/status-text.js';
import { address } from '../../../src/core/net/address.js';
import { assert, test } from '../../support/test.js';

const now = 1_700_000_000;

const report: StatusReport = {
  version: '0.1.0',
  now,
  uptimeSeconds: 93_784,
  wans: [
    {
      name: 'wan',
      device: 'eth1',
      addresses: [address('198.18.1.1'), address('2001:db8:1::1')],
      plugins: [
        { name: 'oe-dns', state: 'on', reason: '' },
        { name: 'natt', state: 'off', reason: 'no port 4500' },
      ],
    },
    { name: 'lte', device: '', addresses: [], plugins: [] },
  ],
  resolver: {
    servers: [
      { address: address('127.0.0.1'), isTrusted: true },
      { address: address('192.0.2.53'), isTrusted: false },
    ],
    validates: 'yes',
  },
  totals: { keyed: 1, pending: 1, potential: 1, clear: 1, deny: 1 },
  connections: [
    {
      destination: address('198.51.100.7'),
      source: address('198.18.1.1'),
      wan: 'wan',
      class: 'oe-permissive',
      state: 'clear',
      why: 'no records at 7.100.51.198.in-addr.arpa, so nobody encrypts there and the class lets it through as it is',
      since: now - 600,
      until: now + 21_000,
    },
    {
      destination: address('198.18.2.10'),
      source: address('198.18.1.1'),
      wan: 'wan',
      class: 'oe-permissive',
      state: 'keyed',
      why: 'TXT record of 198.18.2.10 names 198.18.2.1',
      since: now - 600,
      until: now + 3000,
      foundBy: 'oe-dns',
      peer: {
        address: address('198.18.2.1'),
        identity: '@gw.example.org',
        role: 'initiator',
        trust: 'dnssec',
        trustText: trustText.dnssec,
        proof: 'key',
        spiIn: 'c0ffee01',
        spiOut: 'deadbeef',
        ikeSpiInitiator: '0011223344556677',
        ikeSpiResponder: '8899aabbccddeeff',
        suite: 'AES-GCM-16-128, X25519',
      },
      counters: {
        lastUseSeconds: now - 12,
        bytesIn: 12_345,
        bytesOut: 999,
        packetsIn: 100,
        packetsOut: 9,
      },
    },
    {
      destination: address('2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff'),
      source: address('2001:db8:1::1'),
      wan: 'wan',
      class: 'oe-paranoid',
      state: 'pending',
      why: 'asking gateway 2001:db8::1',
      since: now,
      until: 0,
    },
  ],
  ike: { initiated: 1, 'malformed dropped': 2 },
  warnings: ['the trusted resolver 127.0.0.1 does not answer'],
};

const golden = `autoipsec 0.1.0, running for 1 day 2 hours

Warning: the trusted resolver 127.0.0.1 does not answer

WAN  DEVICE  ADDRESS        PLUGIN  STATE
wan  eth1    198.18.1.1     oe-dns  on
             2001:db8:1::1  natt    off: no port 4500
lte  (down)  (none)         (none)

Name servers: 127.0.0.1 (trusted), 192.0.2.53. Answers are validated with DNSSEC.
IKE: initiated 1, malformed dropped 2

3 connections: 1 keyed (encrypted), 1 pending (tunnel being set up), 1 clear (not encrypted)

STATE    DESTINATION                             WAN  CLASS          FOR
keyed    198.18.2.10                             wan  oe-permissive  50 min
         from 198.18.1.1: TXT record of 198.18.2.10 names 198.18.2.1
         peer 198.18.2.1, identity @gw.example.org; key vouched for by DNSSEC; tunnel started here
         ESP SPI in c0ffee01, out deadbeef; AES-GCM-16-128, X25519
         in 12.3 kB (100 packets), out 999 B (9 packets); last used 12 s ago
pending  2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff  wan  oe-paranoid    -
         from 2001:db8:1::1: asking gateway 2001:db8::1
clear    198.51.100.7                            wan  oe-permissive  5 hours 50 min
         from 198.18.1.1: no records at 7.100.51.198.in-addr.arpa, so nobody encrypts there and the
         class lets it through as it is
`;

test('status: text for people, golden', () => assert.snapshot(statusText(report), golden));

test('status: fits the terminal, without spaces at line ends', () => {
  for (const line of statusText(report).split('\n')) {
    assert.ok(line.length <= lineWidth, line);
    assert.not.match(line, / $/);
  }
});

test('status: a daemon with nothing to do', () => {
  const empty: StatusReport = {
    version: '0.1.0',
    now,
    uptimeSeconds: 0,
    wans: [],
    resolver: { servers: [], validates: 'unknown' },
    totals: { keyed: 0, pending: 0, potential: 0, clear: 0, deny: 0 },
    connections: [],
    ike: {},
    warnings: [],
  };
  const text = `autoipsec 0.1.0, running for 0 s

No WAN is in use.

Name servers: none. No peer can be found.

No connections.
`;
  assert.snapshot(statusText(empty), text);
});

test('status: what slipped through as control character does not reach the terminal', () => {
  const [first] = report.connections;
  const text = statusText({ ...report, connections: [{ ...first!, why: 'a\u001b[2Jb\u202ec' }] });
  assert.match(text, /a\?\[2Jb\?c/);
});

const durations: [number, string][] = [
  [0, '0 s'],
  [-5, '0 s'],
  [59.9, '59 s'],
  [60, '1 min'],
  [3661, '1 hour 1 min'],
  [7200, '2 hours'],
  [86_401, '1 day'],
  [172_800 + 3600, '2 days 1 hour'],
];
for (const [seconds, text] of durations)
  test(`status: ${seconds} s is ${text}`, () => assert.is(duration(seconds), text));

const counts: [number, string][] = [
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [99_500, '100 kB'],
  [999_499, '999 kB'],
  [999_500, '1.0 MB'],
  [1.5e15, '1.5 PB'],
];
for (const [bytes, text] of counts)
  test(`status: ${bytes} bytes are ${text}`, () => assert.is(byteCount(bytes), text));

test('status: columns of unequal rows', () => {
  assert.equal(columns([['a', 'bbb', 'c'], ['aaaa'], ['', 'b', '']]), [
    'a     bbb  c',
    'aaaa',
    '      b',
  ]);
});

test('status: a word longer than the line stands alone', () => {
  const word = 'x'.repeat(120);
  assert.equal(wrap(`a ${word} b`, 2), ['  a', `  ${word}`, '  b']);
});
