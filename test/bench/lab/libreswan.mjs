// libreswan with opportunistic encryption by IPSECKEY (conn private-or-clear), as Debian ships it.
import path from 'node:path';
import { startPluto } from '../../lab/net/pluto.mjs';
import { makeNss } from '../../tools/nss.mjs';
import { removePeerFolder } from '../../tools/peers.mjs';
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
  const results = { version: world.parts.peers.libreswan.version };
  try {
    await bothRouters((router) => gateways[router].ready());
    if (wants('memory')) results.memory = memory(gateways.sga.program);
    if (wants('connect'))
      results.connect = await connectSeries(world, 'libreswan', () => end(gateways), tell);
    if (wants('clear')) {
      tell(`libreswan: a destination without records, for ${clearPatience} s`);
      const to = world.freshStranger();
      results.clear = await world.connect('sga', to, { timeoutSeconds: clearPatience });
      results.clearPatience = clearPatience;
    }
  } finally {
    await bothRouters((router) => gateways[router].program.stop());
    await bothRouters((router) => leaveNothing(world, router));
    for (const { own } of Object.values(gateways)) removePeerFolder(own);
  }
  return results;
}

function start(world, router, destinations) {
  const { machine, parts, network } = world;
  const { keyFolder, peers } = parts;
  const address = network.sites[router][4].wan;
  const nss = nssFolder(keyFolder, router);
  const tree = peers.libreswan;
  return startPluto(machine, router, { tree, nss, keyFolder, address, destinations });
}

const end = (gateways) => bothRouters((router) => gateways[router].end());

async function leaveNothing(world, router) {
  await world.machine.run(router, ['ip', 'xfrm', 'policy', 'flush']);
  await world.machine.run(router, ['ip', 'xfrm', 'state', 'flush']);
}
