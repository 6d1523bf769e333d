// SG-B is strongSwan from Debian with a static connection and raw public keys: it knows nothing of
// opportunism, we know nothing of it but the records. Both roles.

import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inPeerTree, peerFolder } from '../../tools/peers.mjs';
import { captureAll } from '../first-packet.mjs';
import { eventually } from '../net/machine.mjs';

export default {
  name: 'strongSwan as the other gateway',
  requirements: ['OE-8', 'OE-12', 'OE-18', 'OE-48', 'SP-4'],
  peers: ['strongswan'],
  topology: {},
  async run(lab) {
    const { wan } = await captureAll(lab);
    const swan = await startCharon(lab);
    await lab.start('sga');
    const first = await lab.ping('alice', 'bob', { waitSeconds: 20 });
    lab.check('OE-8 OE-12 we call strongSwan: the first packet is answered', first.received === 1);
    await checkTunnel(lab, wan, 'we call strongSwan');
    await swan('--terminate', '--ike', 'sga');
    const isGone = async () => !/proto esp/.test(await lab.routers.sga.xfrmStates());
    const gone = await eventually(isGone);
    lab.check('OE-48 its delete ends our tunnel', gone, await lab.routers.sga.xfrmStates());
    const told = await swan('--initiate', '--child', 'pair', '--timeout', '20');
    lab.check('OE-8 strongSwan calls us: the tunnel is up', told.status === 0, told.stdout);
    const back = await lab.ping('bob', 'alice', { count: 3 });
    lab.check(
      'OE-8 strongSwan calls us: packets pass',
      back.received === 3,
      `${back.received} of 3`,
    );
    await checkTunnel(lab, wan, 'strongSwan calls us');
  },
};

async function checkTunnel(lab, wan, who) {
  const page = await lab.connect('alice', 'bob');
  await lab.settle();
  lab.check(`OE-8 ${who}: alice reads the page`, page.body === 'Hello from bob', page.error);
  lab.assertEsp(`OE-18 ${who}: ESP both ways`, wan, lab.pair('sga', 'sgb'));
  lab.assertNoClearPacket(`SP-4 ${who}: no clear packet`, wan, lab.pair('alice', 'bob'));
}

/** Gives a function that runs swanctl with the words given. */
async function startCharon(lab) {
  const privateKey = (name) => readFileSync(`${lab.parts.keyFolder}/${name}/private-key.pem`);
  const publicKey = (name) =>
    createPublicKey(privateKey(name)).export({ type: 'spki', format: 'pem' });
  const own = peerFolder(lab.parts.peers.strongswan, {
    'etc/strongswan.conf': charonConfiguration,
    'etc/swanctl/swanctl.conf': connection(lab),
    'etc/swanctl/private/sgb.pem': privateKey('sgb'),
    'etc/swanctl/pubkey/sga.pem': publicKey('sga'),
    'etc/swanctl/pubkey/sgb.pem': publicKey('sgb'),
  });
  const argv = inPeerTree(own, ['/usr/lib/ipsec/charon', '--use-syslog', 'no']);
  const charon = lab.machine.start('sgb', 'charon', argv);
  const swan = (...words) => lab.machine.exec('sgb', inPeerTree(own, ['swanctl', ...words]));
  const isLoaded = await eventually(async () => (await swan('--load-all')).status === 0, 30_000);
  if (!isLoaded) throw new Error(`swanctl --load-all failed; charon says:\n${charon.log()}`);
  return swan;
}

const charonConfiguration = `charon {
  load_modular = no
  filelog { stderr { default = 1 } }
}
swanctl { load = pem pkcs1 pkcs8 x509 pubkey openssl random }
`;

const connection = (lab) => `connections {
  sga {
    version = 2
    local_addrs = ${lab.address('sgb')}
    remote_addrs = ${lab.address('sga')}
    local { auth = pubkey
      pubkeys = sgb.pem
      id = ${lab.address('sgb')} }
    remote { auth = pubkey
      pubkeys = sga.pem
      id = ${lab.address('sga')} }
    children { pair { local_ts = ${lab.address('bob')}/32
      remote_ts = ${lab.address('alice')}/32 } }
  }
}
`;
