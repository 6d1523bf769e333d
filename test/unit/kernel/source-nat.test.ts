import {
  type NatPacket,
  natTables,
  parseRuleset,
  sourceNatOf,
} from '../../../src/core/kernel/source-nat.js';
import { address } from '../../../src/core/net/address.js';
import { assert, test } from '../../support/test.js';
import { chainsJson, fw4Json, natJson } from './nat-samples.js';

const ruleset = parseRuleset([fw4Json, natJson]);

const packet = (device: string, more: Partial<NatPacket> = {}): NatPacket => ({
  device,
  source: address('192.168.1.2'),
  destination: address('198.51.100.9'),
  isOwn: false,
  inputDevice: 'lan',
  ...more,
});

const shown = (asked: NatPacket) => {
  const result = sourceNatOf(ruleset, asked);
  return result.kind === 'snat' ? result.to : result.kind;
};

const six = {
  source: address('fd00::2'),
  destination: address('2001:db8:9::9'),
};

const rows: [string, NatPacket, string][] = [
  ["fw4's masquerading", packet('wan'), 'masquerade'],
  ["fw4's masquerading is for IPv4", packet('wan', six), 'none'],
  ["fw4's masquerading, another device of the zone", packet('pppoe-wan'), 'masquerade'],
  ['a device that no rule names', packet('eth9'), 'none'],
  [
    'SNAT of a block, device by wildcard',
    packet('lte3', { source: address('192.168.9.4') }),
    '203.0.113.9',
  ],
  ['SNAT of another block', packet('lte3'), 'none'],
  ['a rule for the device it came from', packet('vpn'), 'masquerade'],
  ['the same from another device', packet('vpn', { inputDevice: 'guest' }), 'none'],
  ['the same for an own packet', packet('vpn', { isOwn: true, inputDevice: undefined }), 'none'],
  [
    'a device that is not known counts as not matching',
    packet('vpn', { inputDevice: undefined }),
    'none',
  ],
  ['a jump by verdict map', packet('vm0'), 'masquerade'],
  ['an accept by verdict map', packet('vm1'), 'none'],
  ['a block of a named set', packet('set0', { source: address('10.9.200.1') }), 'masquerade'],
  ['an address of a named set', packet('set0', { source: address('10.7.7.7') }), 'masquerade'],
  ['a range of a named set', packet('set0', { source: address('10.8.0.9') }), 'masquerade'],
  ['outside of a named set', packet('set0', { source: address('10.8.0.10') }), 'none'],
  ['not in a list', packet('not0'), 'masquerade'],
  ['in a list that is negated', packet('not0', { source: address('172.16.3.4') }), 'none'],
  ['a condition that is not understood', packet('refl0'), 'none'],
  ['a return before the rule', packet('x0', { destination: address('198.18.2.3') }), 'none'],
  ['a goto', packet('x0'), 'masquerade'],
  [
    'no way back from a goto',
    packet('x0', { source: address('fd00::2'), destination: six.destination }),
    'none',
  ],
  ['SNAT of IPv6', packet('six0', six), '2001:db8::9'],
  ['the first address of a range', packet('range0'), '203.0.113.10'],
  ['a second chain, of the ip family', packet('old0'), 'masquerade'],
];

for (const [what, asked, expected] of rows)
  test(`source NAT: ${what}`, () => assert.is(shown(asked), expected));

test('source NAT: tables that have such a chain', () =>
  assert.equal(natTables(chainsJson), [
    ['inet', 'fw4'],
    ['ip', 'nat'],
  ]));

test('source NAT: a doubt is told', () => {
  const doubts: string[] = [];
  sourceNatOf(ruleset, packet('refl0'), (what) => doubts.push(what));
  assert.ok(doubts.some((what) => what.includes('"ct"')));
});

test('source NAT: a jump in a circle ends', () => {
  const rule = (chain: string, target: string) => ({
    rule: { family: 'ip', table: 't', chain, expr: [{ jump: { target } }] },
  });
  const base = { family: 'ip', table: 't', type: 'nat', hook: 'postrouting', prio: 100 };
  const nftables = [{ chain: { ...base, name: 'a' } }, rule('a', 'b'), rule('b', 'a')];
  const circle = parseRuleset([JSON.stringify({ nftables })]);
  assert.equal(sourceNatOf(circle, packet('wan')), { kind: 'none' });
});

test('source NAT: an answer that is no ruleset is an error', () => {
  assert.throws(() => parseRuleset(['[]']), 'no list of objects');
  assert.throws(() => natTables('{"nftables": 1}'), 'no list of objects');
});
