// strongSwan with a configured connection of the two gateways and a trap policy, raw RSA keys, and
// the fewest plugins that do it. It has no opportunistic mode with keys from the DNS that would work.
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { eventually } from '../../lab/net/machine.mjs';
import { inPeerTree, peerFolder, removePeerFolder } from '../../tools/peers.mjs';
import { bothRouters, connectSeries, memory } from './others.mjs';

export async function measure(world, { tell, wants }) {
  if (!wants('connect') && !wants('memory')) return {};
  tell('strongSwan: start');
  const gateways = { sga: start(world, 'sga', 'sgb'), sgb: start(world, 'sgb', 'sga') };
  await bothRouters((router) => load(world, gateways[router], router));
  const results = { version: world.parts.peers.strongswan.version };
  if (wants('memory')) results.memory = memory(gateways.sga.program);
  const close = () => swanctl(world, gateways.sga, 'sga', '--terminate', '--ike', 'peer');
  if (wants('connect')) results.connect = await connectSeries(world, 'strongSwan', close, tell);
  await bothRouters((router) => gateways[router].program.stop());
  for (const { own } of Object.values(gateways)) removePeerFolder(own);
  return results;
}

function start(world, router, peer) {
  const { machine, parts } = world;
  const privateKey = (name) => readFileSync(`${parts.keyFolder}/${name}/private-key.pem`);
  const publicKey = (name) =>
    createPublicKey(privateKey(name)).export({ type: 'spki', format: 'pem' });
  const address = (name) => world.network.sites[name][4].wan;
  const own = peerFolder(parts.peers.strongswan, {
    'etc/strongswan.conf': charonConfiguration,
    'etc/swanctl/swanctl.conf': connection(address(router), address(peer)),
    'etc/swanctl/private/own.pem': privateKey(router),
    'etc/swanctl/pubkey/own.pem': publicKey(router),
    'etc/swanctl/pubkey/peer.pem': publicKey(peer),
  });
  const argv = inPeerTree(own, ['/usr/lib/ipsec/charon', '--use-syslog', 'no']);
  return { own, program: machine.start(router, `charon-${router}`, argv) };
}

const swanctl = (world, { own }, router, ...words) =>
  world.machine.exec(router, inPeerTree(own, ['swanctl', ...words]));

async function load(world, gateway, router) {
  const isLoaded = async () => (await swanctl(world, gateway, router, '--load-all')).status === 0;
  if (await eventually(isLoaded, 30_000)) return;
  throw new Error(`swanctl --load-all of ${router} failed; charon: ${gateway.program.log()}`);
}

const charonConfiguration = `charon {
  load = random nonce aes sha1 sha2 hmac kdf gcm gmp pem pkcs1 pkcs8 pubkey kernel-netlink socket-default vici
  filelog { stderr { default = 0 } }
}
swanctl { load = pem pkcs1 pkcs8 pubkey gmp random }
`;

const connection = (own, peer) => `connections {
  peer {
    version = 2
    local_addrs = ${own}
    remote_addrs = ${peer}
    proposals = aes128gcm16-prfsha256-modp2048
    local { auth = pubkey
      pubkeys = own.pem
      id = ${own} }
    remote { auth = pubkey
      pubkeys = peer.pem
      id = ${peer} }
    children { peer { esp_proposals = aes128gcm16
      start_action = trap } }
  }
}
`;
