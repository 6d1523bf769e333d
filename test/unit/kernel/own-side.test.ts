import { isOwnSide, readOwnSide } from '../../../src/core/kernel/own-side.js';
import { address } from '../../../src/core/net/address.js';
import { assert, test } from '../../support/test.js';
import { FakeMachine } from './fake-machine.js';

// answers of iproute2 6.1 on Linux 6.1, shortened
const answers: [string, string, string, boolean][] = [
  ['our own address', '198.18.0.1', '{"type":"local","dst":"198.18.0.1","dev":"lo"}', true],
  ['a host of the LAN', '198.18.1.10', '{"dst":"198.18.1.0/24","dev":"br-lan"}', true],
  [
    'a net behind a router of the LAN',
    '198.18.3.1',
    '{"dst":"198.18.3.0/24","gateway":"198.18.1.9","dev":"br-lan"}',
    true,
  ],
  ['a single host by its own route', '198.18.3.1', '{"dst":"198.18.3.1","dev":"br-lan"}', true],
  ['a neighbour on the WAN', '198.18.0.9', '{"dst":"198.18.0.0/24","dev":"eth1"}', false],
  ['the Internet', '9.9.9.9', '{"dst":"default","gateway":"198.18.0.254","dev":"eth1"}', false],
  ['the Internet by another line', '9.9.9.9', '{"dst":"default","dev":"wg0"}', false],
  ['half of the Internet through a VPN', '9.9.9.9', '{"dst":"0.0.0.0/1","dev":"wg0"}', false],
  ['the same in IPv6', '2001:db8::1', '{"dst":"2000::/3","dev":"wg0"}', false],
  ['a LAN in IPv6', '2001:db8::1', '{"dst":"2001:db8::/64","dev":"br-lan"}', true],
  [
    'broadcast of the LAN',
    '198.18.1.255',
    '{"type":"broadcast","dst":"198.18.1.255","dev":"br-lan"}',
    false,
  ],
  ['multicast', '224.0.0.1', '{"type":"multicast","dst":"default","dev":"eth1"}', false],
  ['a blackhole', '198.18.9.9', '{"type":"blackhole","dst":"198.18.9.0/24"}', false],
];
for (const [what, host, route, expected] of answers) {
  test(`own side: ${what}: ${expected ? 'yes' : 'no'}`, () =>
    assert.is(isOwnSide(`[${route}]`, address(host), ['eth1']), expected));
}

test('own side: no route is a no, and an `ip` that fails is an error', async () => {
  const machine = new FakeMachine();
  const host = address('198.18.9.9');
  let error = 'RTNETLINK answers: Network is unreachable';
  machine.answers.push([/^ip -j route get fibmatch 198\.18\.9\.9$/, () => ({ status: 2, error })]);
  assert.is(await readOwnSide(machine, host, []), false);
  error = 'Object "route" is unknown, try "ip help".';
  assert.match(String(await readOwnSide(machine, host, []).catch(String)), 'is unknown');
});
