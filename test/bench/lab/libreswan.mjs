// libreswan with opportunistic encryption by IPSECKEY (conn private-or-clear), as Debian ships it.
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { zones } from '../../lab/net/addresses.mjs';
import { eventually } from '../../lab/net/machine.mjs';
import { zoneKeys } from '../../lab/net/zones.mjs';
import { keyIds, makeNss } from '../../tools/nss.mjs';
import { inPeerTree, peerFolder, removePeerFolder } from '../../tools/peers.mjs';
import { bothRouters, connectSeries, memory } from './others.mjs';

/** Seconds after which we stop waiting for clear traffic; it would take more than a minute. */
const clearPatience = 5;

/** Puts a router's private key into an NSS database beside it, on the host; once. */
export function prepareKey(tree, keyFolder, router) {
  const pem = path.join(keyFolder, router, 'private-key.pem');
  makeNss(tree, nssFolder(keyFolder, router), { keys: { [router]: pem } });
}

const nssFolder = (keyFolder, router) => path.join(keyFolder, router, 'nss');

export async function measure(world, { tell, wants }) {
  tell('libreswan: start');
  const { sga, sgb } = world.network.sites;
  await world.prime('sga', [['IPSECKEY', sgb[4].wan]]);
  await world.prime('sgb', [['IPSECKEY', sga[4].wan]]);
  const gateways = {
    sga: start(world, 'sga', [`${sgb[4].wan}/32`, '198.18.3.0/24']),
    sgb: start(world, 'sgb', [`${sga[4].wan}/32`]),
  };
  await bothRouters((router) => isListening(world, gateways[router], router));
  const results = { version: world.parts.peers.libreswan.version };
  if (wants('memory')) results.memory = memory(gateways.sga.program);
  if (wants('connect'))
    results.connect = await connectSeries(world, 'libreswan', () => close(world, gateways), tell);
  if (wants('clear')) {
    tell(`libreswan: a destination without records, for ${clearPatience} s`);
    const to = world.freshStranger();
    results.clear = await world.connect('sga', to, { timeoutSeconds: clearPatience });
    results.clearPatience = clearPatience;
  }
  await bothRouters((router) => gateways[router].program.stop());
  await bothRouters((router) => leaveNothing(world, router));
  for (const { own } of Object.values(gateways)) removePeerFolder(own);
  return results;
}

function start(world, router, destinations) {
  const { machine, parts } = world;
  const ckaid = keyIds(parts.peers.libreswan, nssFolder(parts.keyFolder, router))[router];
  const own = peerFolder(parts.peers.libreswan, {
    'etc/resolv.conf': 'nameserver 127.0.0.1\n',
    'etc/anchor.key': anchor(parts.keyFolder),
    'etc/ipsec.conf': configuration(world.network.sites[router][4].wan, ckaid),
    'etc/ipsec.secrets': '',
    'etc/ipsec.d/policies/private-or-clear': `${destinations.join('\n')}\n`,
  });
  cpSync(nssFolder(parts.keyFolder, router), `${own.folder}/nss`, { recursive: true });
  const argv = ['/usr/libexec/ipsec/pluto', '--nofork', '--stderrlog'];
  argv.push('--config', '/etc/ipsec.conf', '--nssdir', `${own.folder}/nss`);
  const program = machine.start(router, `pluto-${router}`, inPeerTree(own, argv));
  return { own, program, destinations };
}

function anchor(keyFolder) {
  const [key] = zoneKeys(keyFolder, zones.reverse4);
  return `${readFileSync(`${key}.key`, 'utf8').split(';')[0]}\n`;
}

const configuration = (address, ckaid) => `config setup
  dnssec-enable=yes
  dnssec-anchors=/etc/anchor.key
  dnssec-rootkey-file=/etc/anchor.key
conn private-or-clear
  ikev2=insist
  authby=rsa-sha2
  left=%defaultroute
  leftid=${address}
  leftckaid=${ckaid}
  right=%opportunisticgroup
  rightrsasigkey=%dnsondemand
  negotiationshunt=hold
  failureshunt=passthrough
  keyingtries=1
  auto=ondemand
`;

/** pluto loads its connections by itself; the last sign is a policy for each destination. */
async function isListening(world, { destinations, program }, router) {
  const isReady = async () => {
    const policies = await world.machine.run(router, ['ip', 'xfrm', 'policy']);
    return destinations.every((each) => policies.includes(`dst ${each}`));
  };
  if (await eventually(isReady, 60_000)) return;
  throw new Error(`pluto of ${router} has no policies:\n${program.log().slice(-2000)}`);
}

async function close(world, gateways) {
  for (const [router, { own }] of Object.entries(gateways)) {
    const whack = (...words) =>
      world.machine.exec(router, inPeerTree(own, ['/usr/libexec/ipsec/whack', ...words]));
    const { stdout } = await whack('--showstates');
    for (const [, number] of stdout.matchAll(/#(\d+): .*STATE_V2_ESTABLISHED_IKE_SA/g))
      await whack('--deletestate', number);
  }
}

async function leaveNothing(world, router) {
  await world.machine.run(router, ['ip', 'xfrm', 'policy', 'flush']);
  await world.machine.run(router, ['ip', 'xfrm', 'state', 'flush']);
}
