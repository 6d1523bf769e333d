import type { HoldRules } from '../../../src/core/kernel/kernel.js';
import { configuredText } from '../../../src/core/kernel/nft-configured.js';
import { pairText } from '../../../src/core/kernel/nft-pairs.js';
import { tableText } from '../../../src/core/kernel/nft-table.js';
import { address, prefix } from '../../../src/core/net/address.js';
import { assert, test } from '../../support/test.js';

const settings = { markBit: 0x20000000, firstQueue: 4500 };
const rules: HoldRules = {
  wans: [
    { name: 'wan', device: 'eth1', index: 0 },
    { name: 'lte', device: 'wwan0', index: 3 },
  ],
  exemptDestinations: [prefix('10.0.0.0/8'), prefix('fc00::/7')],
  heldDestinations: [prefix('10.1.0.0/16')],
  nameServers: [address('9.9.9.9'), address('9.9.9.9')],
  rejectsDenied: false,
};

const linesOf = (text: string) => text.trimEnd().split('\n');
const rulesOf = (text: string, chain: string) =>
  linesOf(text)
    .filter((line) => line.startsWith(`add rule inet autoipsec ${chain} `))
    .map((line) => line.slice(`add rule inet autoipsec ${chain} `.length));

const text = tableText(rules, settings);

test('nft table: what is forwarded to a WAN, and not from it, is held for that WAN', () => {
  assert.equal(rulesOf(text, 'prerouting'), [
    'jump exempt',
    'jump configured',
    'iifname != "eth1" fib daddr . mark oifname "eth1" goto hold_0',
    'iifname != "wwan0" fib daddr . mark oifname "wwan0" goto hold_3',
  ]);
  assert.match(text, 'prerouting { type filter hook prerouting priority -140; policy accept; }');
});

test('nft table: a pair that is not known goes to the queue, which has no bypass', () => {
  assert.equal(rulesOf(text, 'hold_3'), [
    'ip saddr . ip daddr @pass4_3 accept',
    'ip saddr . ip daddr @encrypt4_3 accept',
    'ip saddr . ip daddr @deny4_3 goto refuse',
    'ip6 saddr . ip6 daddr @pass6_3 accept',
    'ip6 saddr . ip6 daddr @encrypt6_3 accept',
    'ip6 saddr . ip6 daddr @deny6_3 goto refuse',
    'queue num 4503',
  ]);
  assert.not.match(text, 'bypass');
});

test('nft table: own packets that have our mark, a policy or an errand of the router pass', () => {
  assert.equal(rulesOf(text, 'output').slice(0, 4), [
    'meta mark & 0x20000000 != 0 accept',
    'rt ipsec exists accept',
    'jump own_exempt',
    'jump exempt',
  ]);
  assert.match(rulesOf(text, 'own_exempt').join('\n'), 'udp sport { 500, 4500 } accept');
});

test('nft table: the mark is cleared before the guard, which looks at clear packets only', () => {
  assert.equal(rulesOf(text, 'postrouting'), [
    'meta mark & 0x20000000 != 0 meta mark set meta mark & 0xdfffffff',
    'oifname "eth1" rt ipsec missing goto guard_0',
    'oifname "wwan0" rt ipsec missing goto guard_3',
  ]);
  const guard = rulesOf(text, 'guard_0');
  assert.ok(guard.includes('ip saddr . ip daddr @encrypt4_0 counter name leaks drop'));
  assert.ok(
    guard.includes(
      'ct direction original ct original ip saddr . ct original ip daddr @encrypt4_0 counter name leaks drop',
    ),
  );
});

test('nft table: the highest mark bit can be ours', () => {
  const high = tableText(rules, { ...settings, markBit: 0x80000000 });
  assert.match(high, 'meta mark & 0x80000000 != 0 meta mark set meta mark & 0x7fffffff');
});

test('nft table: the longest prefix decides between exempt and held', () => {
  assert.match(
    text,
    'add element inet autoipsec exempt4 { 10.0.0.0-10.0.255.255, 10.2.0.0-10.255.255.255 }',
  );
  assert.match(text, 'add element inet autoipsec names4 { 9.9.9.9 }');
});

test('nft table: denied pairs are silent, or rejected as prohibited when asked for', () => {
  assert.equal(rulesOf(text, 'refuse'), ['counter name denied drop']);
  const rejecting = rulesOf(tableText({ ...rules, rejectsDenied: true }, settings), 'refuse');
  assert.match(rejecting[0]!, 'reject with icmp type admin-prohibited');
  assert.match(rejecting[1]!, 'reject with icmpv6 type admin-prohibited');
});

test('nft table: an update flushes chains and never the pairs', () => {
  const lines = linesOf(text);
  assert.ok(lines.includes('flush chain inet autoipsec hold_0'));
  assert.not.ok(lines.some((line) => /flush set inet autoipsec (pass|encrypt|deny)/.test(line)));
  assert.not.ok(lines.includes('flush chain inet autoipsec configured'));
  assert.not.ok(lines.some((line) => line.startsWith('delete')));
});

test('nft table: a WAN that is no more leaves with its chains and sets, after its rules', () => {
  const fewer = { ...rules, wans: rules.wans.slice(0, 1) };
  const lines = linesOf(tableText(fewer, settings, rules));
  assert.ok(lines.includes('flush chain inet autoipsec hold_3'));
  const at = lines.indexOf('delete chain inet autoipsec hold_3');
  assert.ok(at > lines.findLastIndex((line) => line.startsWith('add rule')));
  assert.ok(lines.indexOf('delete set inet autoipsec pass4_3') > at);
  assert.not.match(lines.filter((line) => line.startsWith('add')).join('\n'), 'wwan0');
});

test('nft table: a device name that could be more than a name is refused', () => {
  for (const device of ['', 'a"b', 'eth*', 'a b', 'a\nb', 'seventeen-letters'])
    assert.throws(
      () => tableText({ ...rules, wans: [{ name: 'w', device, index: 0 }] }, settings),
      'not a name',
    );
});

const pair = {
  source: address('192.168.1.2'),
  destination: address('198.18.2.9'),
  translatedSource: address('198.18.100.1'),
  wanIndex: 0,
};

test('nft pairs: a verdict leaves the other sets and starts its time anew', () => {
  const own = { ...pair, translatedSource: pair.source };
  assert.equal(linesOf(pairText([{ ...own, verdict: 'pass', lifespanSeconds: 59.2 }])), [
    'add element inet autoipsec pass4_0 { 192.168.1.2 . 198.18.2.9 }',
    'delete element inet autoipsec pass4_0 { 192.168.1.2 . 198.18.2.9 }',
    'add element inet autoipsec encrypt4_0 { 192.168.1.2 . 198.18.2.9 }',
    'delete element inet autoipsec encrypt4_0 { 192.168.1.2 . 198.18.2.9 }',
    'add element inet autoipsec deny4_0 { 192.168.1.2 . 198.18.2.9 }',
    'delete element inet autoipsec deny4_0 { 192.168.1.2 . 198.18.2.9 }',
    'add element inet autoipsec pass4_0 { 192.168.1.2 . 198.18.2.9 timeout 60s }',
  ]);
});

test('nft pairs: the translated pair is noted where it must be encrypted, and only there', () => {
  const translated = (verdict: 'encrypt' | 'pass' | 'deny') =>
    linesOf(pairText([{ ...pair, verdict, lifespanSeconds: 60 }])).slice(-3);
  const remove = [
    'add element inet autoipsec encrypt4_0 { 198.18.100.1 . 198.18.2.9 }',
    'delete element inet autoipsec encrypt4_0 { 198.18.100.1 . 198.18.2.9 }',
  ];
  const add = 'add element inet autoipsec encrypt4_0 { 198.18.100.1 . 198.18.2.9 timeout 60s }';
  assert.equal(translated('encrypt'), [...remove, add]);
  assert.equal(translated('pass').slice(-2), remove);
  assert.not.match(translated('deny').join(), remove[0]!, 'another host may have it encrypted');
});

test('nft pairs: forgetting removes the pair everywhere', () => {
  const lines = linesOf(pairText([pair]));
  assert.is(lines.filter((line) => line.startsWith('delete')).length, 4);
  assert.not.match(lines.join('\n'), 'timeout');
});

test('nft pairs: IPv6 has its own sets', () => {
  const six = {
    source: address('2001:db8::1'),
    translatedSource: address('2001:db8::1'),
    destination: address('2001:db8::2'),
    wanIndex: 2,
    verdict: 'deny',
    lifespanSeconds: 0,
  } as const;
  assert.is(
    linesOf(pairText([six])).at(-1),
    'add element inet autoipsec deny6_2 { 2001:db8::1 . 2001:db8::2 timeout 1s }',
  );
});

test('nft configured: one rule for each kind of traffic, in place of the old ones', () => {
  const traffic = [
    { source: prefix('192.168.1.0/24'), destination: prefix('10.0.0.0/8') },
    { source: prefix('192.168.1.0/24'), destination: prefix('10.0.0.0/8') },
    { source: prefix('::/0'), destination: prefix('2001:db8::/32') },
  ];
  assert.equal(linesOf(configuredText(traffic)), [
    'flush chain inet autoipsec configured',
    'add rule inet autoipsec configured ip saddr 192.168.1.0/24 ip daddr 10.0.0.0/8 accept',
    'add rule inet autoipsec configured ip6 saddr ::/0 ip6 daddr 2001:db8::/32 accept',
  ]);
});
