// alice – sga – internet – sgb – bob, with carol and the name server at the Internet, as network
// namespaces. The delay of 20 ms for a round trip is made by the Internet alone: routers and hosts
// have the queues of any Linux machine.

import { singleAddresses, singles, siteAddresses, sites } from './net/addresses.mjs';
import { firewallText } from './net/firewall.mjs';

const delay = '10ms';
const families = [4, 6];

/**
 * What a scenario's `topology` may say, with the defaults:
 *   masquerade: names of routers that hide their LAN (IPv4);
 *   family: of the addresses that `lab` hands out;
 *   extra: how many more addresses a host has, `{ bob: 100 }` (.100 and up);
 *   records: see zones.mjs; nameServer: 'well', 'silent' or 'slow'.
 */
export const defaults = {
  masquerade: [],
  family: 4,
  extra: {},
  records: {},
  nameServer: 'well',
};

const namespaces = ['alice', 'sga', 'internet', 'sgb', 'bob', 'carol', 'dns'];
const forwarders = ['sga', 'internet', 'sgb'];

/** Builds it on `machine`; gives the addresses by site and host. */
export async function buildTopology(machine, options) {
  const network = addressPlan(options);
  await machine.run(undefined, ['ip', '-batch', '-'], {
    input: namespaces.map((name) => `netns add ${name}\n`).join(''),
  });
  await Promise.all(namespaces.map((name) => setKernel(machine, name)));
  await machine.run(undefined, ['ip', '-batch', '-'], { input: linkCommands() });
  await Promise.all(
    namespaces.map((name) =>
      machine.run(undefined, ['ip', '-n', name, '-batch', '-'], {
        input: addressCommands(name, network, options),
      }),
    ),
  );
  await machine.run('internet', ['tc', '-batch', '-'], { input: delayCommands() });
  await Promise.all(
    Object.values(network.sites).map((site) =>
      machine.run(site.router, ['nft', '-f', '-'], { input: firewallOf(site) }),
    ),
  );
  await learnNeighbours(machine, network);
  return network;
}

/** Namespaces go, and with them their links and everything in their kernels. */
export async function removeTopology(machine) {
  await Promise.all(
    namespaces.map((name) => machine.exec(undefined, ['ip', 'netns', 'del', name])),
  );
}

function addressPlan({ masquerade }) {
  return {
    sites: Object.fromEntries(
      Object.keys(sites).map((name) => [name, siteAddresses(name, masquerade.includes(name))]),
    ),
    singles: Object.fromEntries(Object.keys(singles).map((name) => [name, singleAddresses(name)])),
  };
}

function setKernel(machine, namespace) {
  const forwards = forwarders.includes(namespace) ? 1 : 0;
  // no duplicate address detection: it would cost each address a second
  const settings = {
    'net.ipv6.conf.default.accept_dad': 0,
    'net.ipv6.conf.all.accept_dad': 0,
    'net.ipv6.conf.all.forwarding': forwards,
    'net.ipv4.ip_forward': forwards,
    'net.ipv4.ping_group_range': '0 2147483647',
  };
  const words = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return machine.run(namespace, ['sysctl', '-q', '-w', ...words]);
}

function linkCommands() {
  const pairs = [
    ...Object.entries(sites).flatMap(([router, { host, wanDevice }]) => [
      ['eth0', host, 'lan', router],
      ['wan', router, wanDevice, 'internet'],
    ]),
    ...Object.entries(singles).map(([name, { device }]) => ['eth0', name, device, 'internet']),
  ];
  return pairs
    .map(([a, inA, b, inB]) => `link add ${a} netns ${inA} type veth peer name ${b} netns ${inB}\n`)
    .join('');
}

function addressCommands(name, network, options) {
  const lines = ['link set lo up', ...interfaceLines(name, network, options)];
  return `${lines.join('\n')}\n`;
}

const up = (device, addresses) => [
  ...addresses.map((address) => `address add ${address} dev ${device}`),
  `link set ${device} up`,
];

function interfaceLines(name, network, { extra }) {
  const ofSites = Object.values(network.sites);
  const site = ofSites.find((each) => each.router === name || each.host === name);
  if (name === 'internet') return internetLines(network);
  if (site?.router === name) {
    return [
      ...up(
        'lan',
        families.map((family) => `${site[family].lanGateway}/${site[family].length}`),
      ),
      ...up(
        'wan',
        families.map((family) => `${site[family].wan}/${site[family].length}`),
      ),
      ...families.map((family) => `route add default via ${site[family].wanGateway}`),
    ];
  }
  const own = site ? { 4: hostOf(site, 4), 6: hostOf(site, 6) } : network.singles[name];
  const more = Array.from({ length: extra[name] ?? 0 }, (_, index) => extraAddress(own, index));
  return [
    ...up('eth0', [...families.map((f) => `${own[f].address}/${own[f].length}`), ...more]),
    ...families.map((family) => `route add default via ${own[family].gateway}`),
  ];
}

const hostOf = (site, family) => ({
  address: site[family].host,
  gateway: site[family].lanGateway,
  length: site[family].length,
});

const extraAddress = (own, index) =>
  `${own[4].address.replace(/\d+$/, '')}${100 + index}/${own[4].length}`;

function internetLines(network) {
  return [
    ...Object.values(network.sites).flatMap((site) => [
      ...up(
        site.wanDevice,
        families.map((f) => `${site[f].wanGateway}/${site[f].length}`),
      ),
      ...families
        .filter((family) => family === 6 || !site.isMasqueraded)
        .map((family) => `route add ${site[family].lan} via ${site[family].wan}`),
    ]),
    ...Object.values(network.singles).flatMap((single) =>
      up(
        single[4].device,
        families.map((f) => `${single[f].gateway}/${single[f].length}`),
      ),
    ),
  ];
}

function delayCommands() {
  const devices = [...Object.values(sites).map((site) => site.wanDevice)];
  devices.push(...Object.values(singles).map((single) => single.device));
  return devices.map((device) => `qdisc add dev ${device} root netem delay ${delay}\n`).join('');
}

function firewallOf(site) {
  const forward = site.isMasqueraded ? site[4].host : undefined;
  return firewallText({ isMasqueraded: site.isMasqueraded, forward });
}

/** Time lines shall show our waiting, not that of ARP and neighbour discovery. */
async function learnNeighbours(machine, network) {
  const pings = Object.values(network.sites).flatMap((site) =>
    families.flatMap((family) => [
      [site.host, site[family].lanGateway],
      [site.router, site[family].wanGateway],
    ]),
  );
  for (const [name, single] of Object.entries(network.singles))
    for (const family of families) pings.push([name, single[family].gateway]);
  await Promise.all(
    pings.map(([from, to]) => machine.run(from, ['ping', '-q', '-c', '1', '-w', '5', to])),
  );
}
