import type { ConnectionClass, PolicySettings } from '../../../src/core/config/settings.js';
import { address, prefix } from '../../../src/core/net/address.js';
import { accepts, classOf, initiates } from '../../../src/core/policy/connection-class.js';
import { assert, test } from '../../support/test.js';

const section = (
  name: ConnectionClass,
  destinations: string[],
  sources: string[] = [],
): PolicySettings => ({
  section: name,
  class: name,
  destinations: destinations.map(prefix),
  sources: sources.map(prefix),
});

const policies = [
  section('oe-permissive', ['0.0.0.0/0', '::/0']),
  section('oe-paranoid', ['198.18.0.0/16']),
  section('always-clear', ['198.18.5.0/24']),
  section('deny', ['198.18.5.7/32']),
  section('accept-only', ['198.18.0.0/16'], ['10.0.0.0/8']),
];
const cases = [
  ['203.0.113.1', 'oe-permissive'],
  ['198.18.1.1', 'oe-paranoid'],
  ['198.18.5.1', 'always-clear'],
  ['198.18.5.7', 'deny'],
  ['2001:2::1', 'oe-permissive'],
] as const;
for (const [destination, expected] of cases) {
  test(`OE-25 the longest match gives ${destination} the class ${expected}`, () => {
    const pair = { source: address('192.0.2.1'), destination: address(destination) };
    assert.is(classOf(policies, 'deny', pair).class, expected);
  });
}

test('among equal destinations the longer source wins', () => {
  const pair = { source: address('10.1.1.1'), destination: address('198.18.1.1') };
  assert.is(classOf(policies, 'deny', pair).class, 'accept-only');
});

for (const fallback of ['deny', 'always-clear', 'oe-paranoid'] as const) {
  test(`OE-25 what no section names has the default ${fallback}`, () => {
    const pair = { source: address('192.0.2.1'), destination: address('203.0.113.1') };
    assert.equal(classOf([], fallback, pair), { class: fallback, section: 'default' });
  });
}

test('which classes start a tunnel and which take one', () => {
  assert.equal(
    (['deny', 'always-clear', 'accept-only', 'oe-permissive', 'oe-paranoid'] as const).map(
      (each) => [initiates(each), accepts(each)],
    ),
    [
      [false, false],
      [false, false],
      [false, true],
      [true, true],
      [true, true],
    ],
  );
});
