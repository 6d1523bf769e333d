import { concat } from '../../../src/core/bytes/bytes.js';
import {
  answeredTraffic,
  narrowTo,
  pairsOf,
  type Traffic,
} from '../../../src/core/ike/narrowing.js';
import type { TrafficSelector } from '../../../src/core/ike/payloads/traffic-selector.js';
import { toRange, toSelectors, toTrafficSelector } from '../../../src/core/ike/traffic-ranges.js';
import type { Selector } from '../../../src/core/kernel/child-sa.js';
import { address, addressBytes, formatPrefix, prefix } from '../../../src/core/net/address.js';
import { assert, test } from '../../support/test.js';

type Ports = Partial<Pick<Selector, 'protocol' | 'startPort' | 'endPort'>>;
const everything = { protocol: 0, startPort: 0, endPort: 65_535 };

/** `10.1.0.0/24`, with protocol and ports where they matter. */
const net = (text: string, more: Ports = {}): Selector => ({
  prefix: prefix(text),
  ...everything,
  ...more,
});
/** `10.1.0.0-10.1.0.9` or a prefix, as a payload has it. */
function ts(text: string, more: Ports = {}): TrafficSelector {
  const [start, end] = text.split('-').map((part) => addressBytes(address(part.split('/')[0]!)));
  if (!end) return toTrafficSelector(net(text, more));
  return { type: text.includes(':') ? 8 : 7, ...everything, ...more, range: concat(start!, end) };
}

const shown = (one: Selector): string => {
  const { protocol, startPort, endPort } = one;
  const ports = startPort === 0 && endPort === 65_535 ? '' : ` ${startPort}-${endPort}`;
  return formatPrefix(one.prefix) + (protocol ? ` proto ${protocol}` : '') + ports;
};
const sides = (traffic: Traffic | undefined) =>
  traffic && [traffic.theirs.map(shown).join(', '), traffic.ours.map(shown).join(', ')];

// what, range, prefixes that together are the range
const ranges: [string, string, string | undefined][] = [
  ['a host', '10.1.0.5-10.1.0.5', '10.1.0.5/32'],
  ['a subnet', '10.1.0.0-10.1.0.255', '10.1.0.0/24'],
  ['all of IPv4', '0.0.0.0-255.255.255.255', '0.0.0.0/0'],
  ['two hosts', '10.1.0.1-10.1.0.2', '10.1.0.1/32, 10.1.0.2/32'],
  ['an odd range', '10.1.0.3-10.1.0.9', '10.1.0.3/32, 10.1.0.4/30, 10.1.0.8/31'],
  ['a range of too many prefixes', '10.1.0.1-10.1.15.254', undefined],
  ['a subnet of IPv6', '2001:db8::-2001:db8::ffff', '2001:db8::/112'],
  ['all of IPv6', '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '::/0'],
];
for (const [what, text, prefixes] of ranges)
  test(`traffic ranges: ${what} as prefixes`, () => {
    assert.is(
      toSelectors(toRange(ts(text))!, 8)
        ?.map(shown)
        .join(', '),
      prefixes,
    );
  });

test('traffic ranges: a prefix and back, for every length', () => {
  for (const [host, bits] of [
    ['10.129.37.203', 32],
    ['2001:db8:aaaa:5555:8001:7fff:1234:9', 128],
  ] as const)
    for (let length = 0; length <= bits; length++) {
      const own = net(`${host}/${length}`, { protocol: 6, startPort: 80, endPort: 80 });
      assert.equal(toSelectors(toRange(toTrafficSelector(own))!, 1), [own]);
    }
});

const senseless: [string, TrafficSelector][] = [
  ['end before start', ts('10.1.0.9-10.1.0.5')],
  ['OPAQUE ports', ts('10.1.0.5', { protocol: 6, startPort: 65_535, endPort: 0 })],
  ['ports of no protocol', ts('10.1.0.5', { startPort: 80, endPort: 80 })],
  ['a type of the future', { ...ts('10.1.0.5'), type: 9 }],
  ['a range of the wrong length', { ...ts('10.1.0.5'), range: new Uint8Array(7) }],
  ['an IPv6 range said to be IPv4', { ...ts('2001:db8::5'), type: 7 }],
];
for (const [what, selector] of senseless)
  test(`traffic ranges: ${what} makes no sense`, () => {
    assert.is(toRange(selector), undefined);
  });

test('traffic ranges: of ports only single ones and all, of ICMP types and codes (§3.13.1)', () => {
  const isUsable = (more: Ports) => toSelectors(toRange(ts('10.1.0.5', more))!, 1) !== undefined;
  assert.ok(isUsable({ protocol: 6, startPort: 80, endPort: 80 }));
  assert.ok(isUsable({ protocol: 6 }));
  assert.not(isUsable({ protocol: 6, startPort: 80, endPort: 81 }));
  // Echo request with any code, then with code 0; then two types.
  assert.ok(isUsable({ protocol: 1, startPort: 0x0800, endPort: 0x08ff }));
  assert.ok(isUsable({ protocol: 1, startPort: 0x0800, endPort: 0x0800 }));
  assert.not(isUsable({ protocol: 1, startPort: 0x0800, endPort: 0x09ff }));
  assert.not(isUsable({ protocol: 6, startPort: 0x0800, endPort: 0x08ff }));
});

const lan: Traffic = { ours: [net('10.2.0.0/16')], theirs: [net('10.1.0.0/16')] };

// what, TSi, TSr, allowed, result of both sides
const narrowings: [string, string[], string[], Traffic, [string, string] | undefined][] = [
  ['what is allowed', ['10.1.0.0/16'], ['10.2.0.0/16'], lan, ['10.1.0.0/16', '10.2.0.0/16']],
  ['a part', ['10.1.5.0/24'], ['10.2.0.6/32'], lan, ['10.1.5.0/24', '10.2.0.6/32']],
  ['everything', ['0.0.0.0/0'], ['0.0.0.0/0'], lan, ['10.1.0.0/16', '10.2.0.0/16']],
  ['something else', ['10.9.0.0/16'], ['10.2.0.0/16'], lan, undefined],
  ['another family', ['2001:db8::/64'], ['2001:db8:1::/64'], lan, undefined],
  [
    'RFC 7296 §2.9: the packet, then the subnet around it',
    ['10.1.0.5/32', '10.1.0.0/24'],
    ['10.2.0.6/32', '10.2.0.0/24'],
    lan,
    ['10.1.0.0/24', '10.2.0.0/24'],
  ],
  [
    'the packet alone where what is around it is no prefix',
    ['10.1.0.5/32', '10.1.0.1-10.1.15.254'],
    ['10.2.0.6/32'],
    lan,
    ['10.1.0.5/32', '10.2.0.6/32'],
  ],
  [
    'two subnets of which one is allowed',
    ['10.9.0.0/16', '10.1.0.0/24'],
    ['10.2.0.0/24', '10.3.0.0/24'],
    lan,
    ['10.1.0.0/24', '10.2.0.0/24'],
  ],
  [
    'several allowed subnets',
    ['10.0.0.0/8'],
    ['10.0.0.0/8'],
    { theirs: [net('10.1.0.0/24'), net('10.1.2.0/24')], ours: [net('10.2.0.0/24')] },
    ['10.1.0.0/24, 10.1.2.0/24', '10.2.0.0/24'],
  ],
];
for (const [what, tsi, tsr, allowed, result] of narrowings)
  test(`narrowing: ${what}`, () => {
    const [theirs, ours] = [tsi, tsr].map((all) => all.map((one) => ts(one)));
    assert.equal(sides(narrowTo(allowed, theirs!, ours!)), result);
  });

test('narrowing: protocol and port of the proposal, or of what is allowed', () => {
  const web: Ports = { protocol: 6, startPort: 443, endPort: 443 };
  const narrowed = narrowTo(lan, [ts('10.1.0.0/16', { protocol: 6 })], [ts('10.2.0.0/16', web)]);
  assert.equal(sides(narrowed), ['10.1.0.0/16 proto 6', '10.2.0.0/16 proto 6 443-443']);
  const onlyWeb = { theirs: lan.theirs, ours: [net('10.2.0.0/16', web)] };
  const wide = narrowTo(onlyWeb, [ts('10.1.0.0/16')], [ts('10.2.0.0/16')]);
  assert.equal(sides(wide)?.[1], '10.2.0.0/16 proto 6 443-443');
  assert.is(
    narrowTo(onlyWeb, [ts('10.1.0.0/16')], [ts('10.2.0.0/16', { protocol: 17 })]),
    undefined,
  );
});

test('narrowing: two protocols that never meet are not acceptable', () => {
  const udp = [ts('10.1.0.0/16', { protocol: 17 })];
  const tcp = [ts('10.2.0.0/16', { protocol: 6 })];
  assert.is(narrowTo(lan, udp, tcp), undefined);
});

test('narrowing: never more selectors than the limit, and the packet is among them', () => {
  const many = Array.from({ length: 64 }, (_, i) => ts(`10.1.${2 * i}.0/24`));
  const narrowed = narrowTo(lan, [ts('10.1.120.7/32'), ...many], [ts('10.2.0.0/16')]);
  assert.is(narrowed?.theirs.length, 8);
  assert.is(shown(narrowed!.theirs[0]!), '10.1.120.0/24');
});

const answers: [string, string[], string[], [string, string] | undefined][] = [
  ['all of it', ['10.1.0.0/16'], ['10.2.0.0/16'], ['10.1.0.0/16', '10.2.0.0/16']],
  ['a part of it', ['10.1.0.5/32'], ['10.2.1.0/24'], ['10.1.0.5/32', '10.2.1.0/24']],
  [
    'several parts',
    ['10.1.0.0/24', '10.1.7.0/24'],
    ['10.2.0.0/16'],
    ['10.1.0.0/24, 10.1.7.0/24', '10.2.0.0/16'],
  ],
  ['more than we proposed', ['10.0.0.0/8'], ['10.2.0.0/16'], undefined],
  ['something else beside it', ['10.1.0.0/24', '10.9.0.0/24'], ['10.2.0.0/16'], undefined],
  ['nothing', [], ['10.2.0.0/16'], undefined],
  ['more than the kernel can do', ['10.1.0.1-10.1.15.254'], ['10.2.0.0/16'], undefined],
];
for (const [what, theirs, ours, result] of answers)
  test(`narrowing: an answer with ${what} is ${result ? 'taken' : 'refused'}`, () => {
    const read = (all: string[]) => all.map((one) => ts(one));
    assert.equal(sides(answeredTraffic(lan, read(theirs), read(ours))), result);
  });

test('narrowing: an answer with any protocol where we proposed one is refused', () => {
  const tcp = { ...lan, ours: [net('10.2.0.0/16', { protocol: 6 })] };
  assert.is(answeredTraffic(tcp, [ts('10.1.0.0/16')], [ts('10.2.0.0/16')]), undefined);
  assert.ok(answeredTraffic(tcp, [ts('10.1.0.0/16')], [ts('10.2.0.0/16', { protocol: 6 })]));
});

test('narrowing: pairs are of one family, and of protocols that agree', () => {
  const pairs = pairsOf({
    ours: [net('10.2.0.0/16'), net('2001:db8:2::/64', { protocol: 6 })],
    theirs: [net('10.1.0.0/16', { protocol: 17 }), net('2001:db8:1::/64')],
  });
  assert.equal(
    pairs.map(({ ours, theirs }) => `${shown(theirs)} to ${shown(ours)}`),
    [
      '10.1.0.0/16 proto 17 to 10.2.0.0/16 proto 17',
      '2001:db8:1::/64 proto 6 to 2001:db8:2::/64 proto 6',
    ],
  );
});
