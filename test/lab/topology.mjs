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

/** Both ends of each cable: `[device, namespace, device, namespace]`. */
const cables = [
  ...Object.entries(sites).flatMap(([router, { host, wanDevice }]) => [
    ['eth0', host, 'lan', router],
    ['wan', router, wanDevice, 'internet'],
  ]),
  ...Object.entries(singles).map(([name, { device }]) => ['eth0', name, device, 'internet']),
];

/** Hardware address of an end (0 or 1) of the n-th cable. */
const hardware = (cable, end) => `02:00:00:00:0${end}:0${cable}`;

function linkCommands() {
  return cables
    .map(
      ([a, inA, b, inB], index) =>
        `link add ${a} netns ${inA} address ${hardware(index, 0)} type veth ` +
        `peer name ${b} netns ${inB} address ${hardware(index, 1)}\n`,
    )
    .join('');
}

/** Time lines shall show our waiting, not that of ARP and neighbour discovery. */
function neighbourLines(name, network) {
  return cables.flatMap(([a, inA, b, inB], index) => {
    if (inA === name) return knownAt(a, interfacesOf(inB, network)[b], hardware(index, 1));
    if (inB === name) return knownAt(b, interfacesOf(inA, network)[a], hardware(index, 0));
    return [];
  });
}

const knownAt = (device, addresses, lladdr) =>
  addresses.map((address) => {
    const [host] = address.split('/');
    return `neighbor add ${host} lladdr ${lladdr} dev ${device} nud permanent`;
  });

function addressCommands(name, network, options) {
  const lines = [
    'link set lo up',
    ...interfaceLines(name, network, options),
    ...neighbourLines(name, network),
  ];
  return `${lines.join('\n')}\n`;
}

/** Addresses with prefix length by device. */
function interfacesOf(name, network) {
  const sites = Object.values(network.sites);
  if (name === 'internet')
    return Object.fromEntries([
      ...sites.map((site) => [site.wanDevice, ofFamilies(site, 'wanGateway')]),
      ...Object.values(network.singles).map((single) => [
        single[4].device,
        ofFamilies(single, 'gateway'),
      ]),
    ]);
  const router = network.sites[name];
  if (router) return { lan: ofFamilies(router, 'lanGateway'), wan: ofFamilies(router, 'wan') };
  const site = sites.find(({ host }) => host === name);
  return { eth0: site ? ofFamilies(site, 'host') : ofFamilies(network.singles[name], 'address') };
}

const ofFamilies = (plan, which) =>
  families.map((family) => `${plan[family][which]}/${plan[family].length}`);

function interfaceLines(name, network, { extra }) {
  const interfaces = interfacesOf(name, network);
  for (let index = 0; index < (extra[name] ?? 0); index += 1)
    interfaces.eth0.push(extraAddress(interfaces.eth0[0], index));
  const lines = Object.entries(interfaces).flatMap(([device, addresses]) => [
    ...addresses.map((address) => `address add ${address} dev ${device}`),
    `link set ${device} up`,
  ]);
  return [...lines, ...routeLines(name, network)];
}

/** `198.18.2.66/24` to `198.18.2.100/24` and on. */
const extraAddress = (address, index) => address.replace(/\d+\//, `${100 + index}/`);

function routeLines(name, network) {
  if (name !== 'internet')
    return families.map((family) => `route add default via ${gatewayOf(name, network)[family]}`);
  return Object.values(network.sites).flatMap((site) =>
    families
      .filter((family) => family === 6 || !site.isMasqueraded)
      .map((family) => `route add ${site[family].lan} via ${site[family].wan}`),
  );
}

/** By family. */
function gatewayOf(name, network) {
  const site = Object.values(network.sites).find((each) => [each.router, each.host].includes(name));
  const which = site ? (site.router === name ? 'wanGateway' : 'lanGateway') : 'gateway';
  const plan = site ?? network.singles[name];
  return { 4: plan[4][which], 6: plan[6][which] };
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
