/** Proof of what is on our side, by the kernel's routes. */
import { address } from '../../../src/core/net/address.js';
import { sh } from './site.js';
import { check, type Proof } from './stage.js';

const hosts: [string, boolean, string][] = [
  ['198.18.1.1', true, 'own address'],
  ['198.18.100.1', true, 'own address on the WAN'],
  ['198.18.1.2', true, 'a host of the LAN'],
  ['198.18.7.1', true, 'a net behind a host of the LAN'],
  ['198.18.1.255', false, 'broadcast of the LAN'],
  ['198.18.100.2', false, 'a neighbour on the WAN'],
  ['198.18.2.10', false, 'beyond the WAN'],
  ['198.18.8.1', false, 'a net by LAN and WAN'],
  ['9.9.9.9', false, 'a quarter of the Internet by the LAN'],
  ['198.18.9.1', false, 'a blackhole'],
  ['198.18.10.1', false, 'an unreachable net'],
  ['198.18.11.1', false, 'a prohibited net'],
  ['2001:db8:1::1', true, 'own address in IPv6'],
  ['2001:db8:1::2', true, 'a host of the LAN in IPv6'],
  ['2001:db8:100::2', false, 'a neighbour on the WAN in IPv6'],
  ['2001:db8:2::a', false, 'beyond the WAN in IPv6'],
  ['2001:db8:9::1', false, 'a blackhole in IPv6'],
  ['ff02::1', false, 'multicast in IPv6'],
];
const beyond = ['198.18.2.10', '2001:db8:2::a'];

const extra = [
  '198.18.7.0/24 via 198.18.1.2',
  '198.18.8.0/24 nexthop via 198.18.1.2 nexthop via 198.18.100.2',
  '0.0.0.0/2 via 198.18.1.2',
  'blackhole 198.18.9.0/24',
  'unreachable 198.18.10.0/24',
  'prohibit 198.18.11.0/24',
  'blackhole 2001:db8:9::/64',
];
const defaults = ['default via 198.18.100.2', 'default via 2001:db8:100::2'];
const change = (verb: string, routes: readonly string[]) =>
  sh('gwa', routes.map((route) => `ip route ${verb} ${route}`).join(' && '));

/** Our side by the kernel's own routes, with and without a default route; one question after the other and many at once. */
export const ownSide: Proof = async ({ kernel }) => {
  await change('add', extra);
  try {
    for (const [host, expected, what] of hosts)
      check(
        (await kernel.isOwnSide(address(host))) === expected,
        `${what} (${host}): ${!expected}`,
      );
    await change('del', defaults);
    for (const host of beyond)
      check(!(await kernel.isOwnSide(address(host))), `${host} without any route: true`);
    const many = await Promise.all(
      Array.from({ length: 200 }, (_, i) => kernel.isOwnSide(address(hosts[i % hosts.length]![0]))),
    );
    check(
      many.every((answer, i) => answer === hosts[i % hosts.length]![1]),
      'many at once: other answers',
    );
  } finally {
    await change('del', extra);
    await change('add', defaults).catch(() => undefined);
  }
  return `${hosts.length} addresses`;
};
