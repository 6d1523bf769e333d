import { isOwnSide } from '../../../src/core/kernel/own-side.js';
import { routeTypes } from '../../../src/core/kernel/route-codec.js';
import { address } from '../../../src/core/net/address.js';
import { assert, test } from '../../support/test.js';

const [lo, wan, lan, vpn] = [1, 2, 3, 4];
const { unicast, local, broadcast, multicast, blackhole, unreachable, prohibit } = routeTypes;

// what, address; type, prefix length and interfaces of its route
const routes: [string, string, [number, number, number[]] | undefined, boolean][] = [
  ['our own address', '198.18.0.1', [local, 32, [lo]], true],
  ['our own address on the WAN', '198.18.0.1', [local, 32, [wan]], true],
  ['a host of the LAN', '198.18.1.10', [unicast, 24, [lan]], true],
  ['a single host by its own route', '198.18.3.1', [unicast, 32, [lan]], true],
  ['a net by two lines of ours', '198.18.3.1', [unicast, 24, [lan, vpn]], true],
  ['a net that may leave by the WAN, too', '198.18.3.1', [unicast, 24, [lan, wan]], false],
  ['a neighbour on the WAN', '198.18.0.9', [unicast, 24, [wan]], false],
  ['the Internet', '9.9.9.9', [unicast, 0, [wan]], false],
  ['the Internet by another line', '9.9.9.9', [unicast, 0, [vpn]], false],
  ['half of the Internet through a VPN', '9.9.9.9', [unicast, 1, [vpn]], false],
  ['just below a quarter of the address', '9.9.9.9', [unicast, 7, [vpn]], false],
  ['a quarter of the address', '10.9.9.9', [unicast, 8, [vpn]], true],
  ['the same in IPv6', '2001:db8::1', [unicast, 3, [vpn]], false],
  ['just below a quarter in IPv6', '2001:db8::1', [unicast, 31, [vpn]], false],
  ['a LAN in IPv6', '2001:db8::1', [unicast, 64, [lan]], true],
  ['a route without an interface', '198.18.1.10', [unicast, 24, []], false],
  ['broadcast of the LAN', '198.18.1.255', [broadcast, 32, [lan]], false],
  ['multicast', '224.0.0.1', [multicast, 4, [lan]], false],
  ['multicast in IPv6', 'ff02::1', [multicast, 128, [lan]], false],
  ['a blackhole', '198.18.9.9', [blackhole, 24, []], false],
  ['an unreachable net', '198.18.9.9', [unreachable, 24, []], false],
  ['a prohibited net', '198.18.9.9', [prohibit, 24, [lan]], false],
  ['a route of an unknown kind', '198.18.9.9', [77, 24, [lan]], false],
  ['no route', '198.18.9.9', undefined, false],
];
for (const [what, host, found, expected] of routes) {
  test(`own side: ${what}: ${expected ? 'yes' : 'no'}`, () => {
    const [type, prefixLength, interfaces] = found ?? [0, 0, []];
    const route = found && { type, prefixLength, interfaces };
    assert.is(isOwnSide(route, address(host), [wan]), expected);
  });
}
