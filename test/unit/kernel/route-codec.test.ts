/**
 * Vectors: captured on Linux 6.18 (x86-64), 2026-11-21, in a namespace with the bridges `lan` (index 2,
 * 198.18.1.1/24 and 2001:db8:1::1/64) and `wan` (index 3), sent and read by a plain netlink socket. The
 * big-endian ones are the same messages with each field turned round by hand, after linux/rtnetlink.h.
 */
import { concat } from '../../../src/core/bytes/bytes.js';
import { fromHex, toHex } from '../../../src/core/bytes/hex.js';
import { type RouteAnswer, RouteCodec, routeTypes } from '../../../src/core/kernel/route-codec.js';
import { address } from '../../../src/core/net/address.js';
import { mutations, prefixes } from '../../support/mangle.js';
import { assert, test } from '../../support/test.js';

const little = new RouteCodec(false);
const big = new RouteCodec(true);

const requests: [string, Uint8Array, string][] = [
  [
    'IPv4, little-endian',
    little.request(1, address('198.18.1.1')),
    '24000000 1a00 0100 01000000 00000000 02 20 00 00 00 00 00 00 00200000 0800 0100 c6120101',
  ],
  [
    'IPv4, big-endian',
    big.request(1, address('198.18.1.1')),
    '00000024 001a 0001 00000001 00000000 02 20 00 00 00 00 00 00 00002000 0008 0001 c6120101',
  ],
  [
    'IPv6, little-endian',
    little.request(12, address('2001:db8:1::5')),
    `30000000 1a00 0100 0c000000 00000000 0a 80 00 00 00 00 00 00 00200000
     1400 0100 20010db8000100000000000000000005`,
  ],
  [
    'IPv6, big-endian',
    big.request(12, address('2001:db8:1::5')),
    `00000030 001a 0001 0000000c 00000000 0a 80 00 00 00 00 00 00 00002000
     0014 0001 20010db8000100000000000000000005`,
  ],
];
for (const [what, bytes, hex] of requests)
  test(`route: asks for ${what}`, () => assert.is(toHex(bytes), toHex(fromHex(hex))));

const route = (sequence: number, type: number, prefixLength: number, ...interfaces: number[]) =>
  ({ kind: 'route', sequence, route: { type, prefixLength, interfaces } }) as const;
const refusal = (sequence: number, errno: number) =>
  ({ kind: 'refusal', sequence, errno }) as const;
const { local, unicast, broadcast, multicast } = routeTypes;

const answers: [string, RouteCodec, string, RouteAnswer][] = [
  [
    'our own address, little-endian',
    little,
    `3c000000 1800 0000 01000000 86720000 02 20 00 00 fe 02 fe 02 00000000
     0800 0f00 fe000000 0800 0100 c6120101 0800 0700 c6120101 0800 0400 02000000`,
    route(1, local, 32, 2),
  ],
  [
    'a host of the LAN, little-endian',
    little,
    `3c000000 1800 0000 02000000 86720000 02 18 00 00 fe 02 fd 01 00000000
     0800 0f00 fe000000 0800 0100 c6120100 0800 0700 c6120101 0800 0400 02000000`,
    route(2, unicast, 24, 2),
  ],
  [
    'a host of the LAN, big-endian',
    big,
    `0000003c 0018 0000 00000002 00007286 02 18 00 00 fe 02 fd 01 00000000
     0008 000f 000000fe 0008 0001 c6120100 0008 0007 c6120101 0008 0004 00000002`,
    route(2, unicast, 24, 2),
  ],
  [
    'broadcast, little-endian',
    little,
    `3c000000 1800 0000 03000000 86720000 02 20 00 00 fe 02 fd 03 00000000
     0800 0f00 fe000000 0800 0100 c61201ff 0800 0700 c6120101 0800 0400 02000000`,
    route(3, broadcast, 32, 2),
  ],
  [
    'a route with two next hops, little-endian',
    little,
    `50000000 1800 0000 05000000 86720000 02 18 00 00 fe 03 00 01 00000000
     0800 0f00 fe000000 0800 0100 c6120700
     2400 0900 1000 00 00 02000000 0800 0500 c6120109 1000 00 00 03000000 0800 0500 c6126402`,
    route(5, unicast, 24, 2, 3),
  ],
  [
    'a route with two next hops, big-endian',
    big,
    `00000050 0018 0000 00000005 00007286 02 18 00 00 fe 03 00 01 00000000
     0008 000f 000000fe 0008 0001 c6120700
     0024 0009 0010 00 00 00000002 0008 0005 c6120109 0010 00 00 00000003 0008 0005 c6126402`,
    route(5, unicast, 24, 2, 3),
  ],
  [
    'a host of the LAN in IPv6, little-endian',
    little,
    `74000000 1800 0000 0c000000 86720000 0a 40 00 00 fe 02 00 01 00000000
     0800 0f00 fe000000 1400 0100 20010db8000100000000000000000000 0800 0600 00010000
     0800 0400 02000000
     2400 0c00 0000000000000000000000000000000000000000000000000000000000000000
     0500 1400 00000000`,
    route(12, unicast, 64, 2),
  ],
  [
    'multicast in IPv6, little-endian',
    little,
    `74000000 1800 0000 13000000 86720000 0a 08 00 00 ff 02 00 05 00000000
     0800 0f00 ff000000 1400 0100 ff000000000000000000000000000000 0800 0600 00010000
     0800 0400 02000000
     2400 0c00 0000000000000000000000000000000000000000000000000000000000000000
     0500 1400 00000000`,
    route(19, multicast, 8, 2),
  ],
  [
    'no route (ENETUNREACH), little-endian',
    little,
    `38000000 0200 0000 04000000 86720000 9bffffff
     24000000 1a00 0100 04000000 00000000 02 20 00 00 00 00 00 00 00200000 0800 0100 09090909`,
    refusal(4, 101),
  ],
  [
    'no route, big-endian with the number of MIPS',
    big,
    `00000038 0002 0000 00000004 00007286 ffffff80
     00000024 001a 0001 00000004 00000000 02 20 00 00 00 00 00 00 00002000 0008 0001 09090909`,
    refusal(4, 128),
  ],
];
for (const [what, codec, hex, expected] of answers) {
  const wire = fromHex(hex);
  test(`route: reads ${what}`, () => assert.equal(codec.read(wire), [expected]));
  test(`route: ${what}, cut short or spoiled, does no harm`, () => {
    for (const part of prefixes(wire)) assert.equal(codec.read(part), []);
    for (const { bytes } of mutations(wire)) assert.ok(codec.read(bytes).length <= 1);
  });
  test(`route: ${what}, the message whole and its content cut short`, () => {
    for (const part of prefixes(wire)) {
      if (part.length < 16) continue;
      part[codec === big ? 3 : 0] = part.length;
      for (const answer of codec.read(part)) {
        assert.is(answer.kind, expected.kind);
        if (answer.kind === 'route' && expected.kind === 'route')
          assert.equal(
            answer.route.interfaces,
            expected.route.interfaces.slice(0, answer.route.interfaces.length),
          );
      }
    }
  });
}

test('route: several answers in one datagram, other messages left out', () => {
  const [first, second] = [fromHex(answers[0]![2]), fromHex(answers[8]![2])];
  // RTM_NEWLINK (16) without content
  const other = fromHex('10000000 1000 0000 00000000 00000000');
  assert.equal(little.read(concat(first, other, second)), [answers[0]![3], answers[8]![3]]);
});
