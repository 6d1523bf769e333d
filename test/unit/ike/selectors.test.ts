import { concat } from '../../../src/core/bytes/bytes.js';
import { fromHex } from '../../../src/core/bytes/hex.js';
import type { TrafficSelector } from '../../../src/core/ike/payloads/traffic-selector.js';
import { isHostPair, narrow } from '../../../src/core/ike/selectors.js';
import { address, addressBytes, formatPrefix } from '../../../src/core/net/address.js';
import { assert, test } from '../../support/test.js';

const gateways = { theirs: address('192.0.2.1'), ours: address('198.51.100.1') };

const range = (
  start: string,
  end = start,
  more: Partial<TrafficSelector> = {},
): TrafficSelector => ({
  type: start.includes(':') ? 8 : 7,
  protocol: 0,
  startPort: 0,
  endPort: 65_535,
  range: concat(addressBytes(address(start)), addressBytes(address(end))),
  ...more,
});

const shown = (theirs: TrafficSelector[], ours: TrafficSelector[], through = gateways) => {
  const pair = narrow(theirs, ours, through);
  const side = (one: NonNullable<typeof pair>['ours']) =>
    `${formatPrefix(one.prefix)} ${one.protocol} ${one.startPort}-${one.endPort}`;
  return pair && [side(pair.theirs), side(pair.ours)];
};

const any = '0 0-65535';
const whole = range('0.0.0.0', '255.255.255.255');

test('OE-101 selectors: one host on each side is taken as it is', () => {
  assert.equal(shown([range('10.1.0.5')], [range('10.2.0.6')]), [
    `10.1.0.5/32 ${any}`,
    `10.2.0.6/32 ${any}`,
  ]);
});

test('OE-101 selectors: everything is narrowed to the two gateways', () => {
  assert.equal(shown([whole], [whole]), [`192.0.2.1/32 ${any}`, `198.51.100.1/32 ${any}`]);
});

test('OE-101 selectors: a range without the gateway in it is not acceptable', () => {
  assert.is(shown([range('10.1.0.0', '10.1.0.255')], [range('10.2.0.6')]), undefined);
  assert.is(shown([range('10.1.0.5')], [range('10.2.0.0', '10.2.255.255')]), undefined);
});

test('selectors: RFC 7296 §2.9, the packet that triggered the peer comes first', () => {
  const trigger = range('10.1.0.5', '10.1.0.5', {
    protocol: 6,
    startPort: 40_000,
    endPort: 40_000,
  });
  const subnet = range('10.1.0.0', '10.1.0.255');
  const target = range('10.2.0.6', '10.2.0.6', { protocol: 6, startPort: 443, endPort: 443 });
  const there = range('10.2.0.0', '10.2.0.255');
  assert.equal(shown([trigger, subnet], [target, there]), [
    `10.1.0.5/32 ${any}`,
    `10.2.0.6/32 ${any}`,
  ]);
});

test('selectors: a protocol and single ports are kept when nothing wider is offered', () => {
  const theirs = range('10.1.0.5', '10.1.0.5', { protocol: 17 });
  const ours = range('10.2.0.6', '10.2.0.6', { protocol: 17, startPort: 53, endPort: 53 });
  assert.equal(shown([theirs], [ours]), ['10.1.0.5/32 17 0-65535', '10.2.0.6/32 17 53-53']);
});

test('selectors: port ranges that XFRM can not do are not acceptable', () => {
  const odd = range('10.1.0.5', '10.1.0.5', { protocol: 6, startPort: 1000, endPort: 2000 });
  assert.is(shown([odd], [range('10.2.0.6')]), undefined);
});

test('selectors: different protocols on the two sides are not acceptable', () => {
  const tcp = range('10.1.0.5', '10.1.0.5', { protocol: 6 });
  const udp = range('10.2.0.6', '10.2.0.6', { protocol: 17 });
  assert.is(shown([tcp], [udp]), undefined);
});

test('selectors: IPv6 hosts through an IPv4 gateway', () => {
  assert.equal(shown([range('2001:db8::5')], [range('2001:db8::6')]), [
    `2001:db8::5/128 ${any}`,
    `2001:db8::6/128 ${any}`,
  ]);
});

test('selectors: two families on the two sides are not acceptable', () => {
  assert.is(shown([range('2001:db8::5')], [range('10.2.0.6')]), undefined);
});

const senseless: [string, TrafficSelector][] = [
  ['end before start', range('10.1.0.9', '10.1.0.5')],
  ['a type of the future', range('10.1.0.5', '10.1.0.5', { type: 9 })],
  ['a range of the wrong length', range('10.1.0.5', '10.1.0.5', { range: fromHex('0a0100') })],
  ['an IPv6 range said to be IPv4', { ...range('2001:db8::5'), type: 7 }],
];
for (const [what, selector] of senseless)
  test(`selectors: ${what} is passed over`, () => {
    assert.is(shown([selector], [range('10.2.0.6')]), undefined);
    assert.equal(
      shown([selector, range('10.1.0.5')], [range('10.2.0.6')])?.[0],
      `10.1.0.5/32 ${any}`,
    );
  });

test('selectors: none at all are not acceptable', () => {
  assert.is(shown([], []), undefined);
});

test('selectors: the first selectors of both sides tell whether a pair of hosts was asked for', () => {
  const host = range('10.1.0.5');
  assert.ok(isHostPair([host], [range('10.2.0.6'), whole]));
  assert.not(isHostPair([whole, host], [host]));
  assert.not(isHostPair([host], [range('10.2.0.0', '10.2.0.1')]));
  assert.not(isHostPair([], [host]));
});
