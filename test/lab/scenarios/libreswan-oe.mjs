// SG-B is libreswan with opportunistic encryption by IPSECKEY, as its documentation has it: the record
// without gateway (`10 0 2 .`), keys on demand from the signed reverse DNS. SG-A is our daemon with
// oe-dns. The two routers' own packets, both directions.
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { keyIds, makeNss } from '../../tools/nss.mjs';
import { besidePeer, inPeerTree, peerFolder } from '../../tools/peers.mjs';
import { captureAll } from '../first-packet.mjs';
import { zones } from '../net/addresses.mjs';
import { clearPackets } from '../net/capture.mjs';
import { eventually } from '../net/machine.mjs';
import { zoneKeys } from '../net/zones.mjs';

const tools = '/usr/libexec/ipsec';

export default {
  name: 'libreswan with IPSECKEY as the other gateway',
  requirements: ['IK-10', 'OE-9', 'OE-12', 'OE-18', 'SP-4'],
  peers: ['libreswan'],
  topology: { records: { alice: 'ipseckey', bob: 'ipseckey' } },
  async run(lab) {
    const { wan } = await captureAll(lab);
    const pluto = await startPluto(lab);
    await lab.start('sga');
    const called = await lab.ping('sga', 'sgb', { waitSeconds: 20 });
    lab.check('IK-10 OE-12 we call libreswan: the first packet is answered', called.received === 1);
    await checkTunnel(lab, pluto, wan, 'we call libreswan');
    await pluto.end();
    const isGone = async () => !/proto esp/.test(await lab.routers.sga.xfrmStates());
    lab.check('IK-10 its delete ends our tunnel', await eventually(isGone));
    await lab.stop('sga');
    await lab.start('sga');
    // libreswan lets the first packet go: the tunnel is for those after it
    await lab.ping('sgb', 'sga', { count: 1, waitSeconds: 10 });
    const isUp = async () => /proto esp/.test(await lab.routers.sga.xfrmStates());
    lab.check('IK-10 libreswan calls us: the tunnel is up', await eventually(isUp), pluto.log());
    const back = await lab.ping('sgb', 'sga', { count: 3 });
    lab.check(
      'IK-10 libreswan calls us: packets pass',
      back.received === 3,
      `${back.received} of 3`,
    );
    await checkTunnel(lab, pluto, wan, 'libreswan calls us');
  },
};

async function checkTunnel(lab, pluto, wan, who) {
  const more = await lab.ping('sga', 'sgb', { count: 3 });
  lab.check(`IK-10 ${who}: packets pass`, more.received === 3, `${more.received} of 3`);
  await lab.settle();
  lab.check(`IK-10 ${who}: one Child SA at libreswan`, (await pluto.children()).length === 1);
  lab.assertEsp(`IK-10 OE-18 ${who}: ESP both ways`, wan, lab.pair('sga', 'sgb'));
  // its group is private-or-clear: a packet of libreswan's before the tunnel stands may be clear
  const [us] = lab.pair('sga', 'sgb');
  const ours = clearPackets(wan.packets(), lab.pair('sga', 'sgb')).filter(
    ({ source }) => source === us,
  );
  lab.check(`IK-10 SP-4 ${who}: nothing of ours in clear`, ours.length === 0, `${ours.length}`);
}

async function startPluto(lab) {
  const { machine, parts } = lab;
  const tree = parts.peers.libreswan;
  const nss = path.join(machine.folder, 'nss');
  makeNss(tree, nss, { keys: { sgb: `${parts.keyFolder}/sgb/private-key.pem` } });
  const own = peerFolder(tree, {
    'etc/resolv.conf': 'nameserver 127.0.0.1\n',
    'etc/anchor.key': anchor(parts.keyFolder),
    'etc/ipsec.conf': configuration(lab.address('sgb'), keyIds(tree, nss).sgb),
    'etc/ipsec.secrets': '',
    'etc/ipsec.d/policies/private-or-clear': `${lab.address('sga')}/32\n`,
  });
  cpSync(nss, `${own.folder}/run/nss`, { recursive: true });
  const argv = [`${tools}/pluto`, '--nofork', '--stderrlog', '--config', '/etc/ipsec.conf'];
  const program = machine.start('sgb', 'pluto', inPeerTree(own, [...argv, '--nssdir', '/run/nss']));
  const whack = (...words) =>
    machine.exec(undefined, besidePeer(own, program.pid, [`${tools}/whack`, ...words]));
  const isReady = async () => {
    const policies = await machine.run('sgb', ['ip', 'xfrm', 'policy']);
    return policies.includes(`dst ${lab.address('sga')}/32`);
  };
  if (!(await eventually(isReady, 60_000)))
    throw new Error(`pluto has no policies:\n${program.log().slice(-2000)}`);
  const states = async (kind) => {
    const { stdout } = await whack('--showstates');
    return [...stdout.matchAll(new RegExp(`#(\\d+): .*ESTABLISHED_${kind}_SA`, 'g'))];
  };
  return {
    log: () => program.log().slice(-2000),
    children: () => states('CHILD'),
    async end() {
      for (const [, number] of await states('IKE')) await whack('--deletestate', number);
    },
  };
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
  left=${address}
  leftid=${address}
  leftckaid=${ckaid}
  right=%opportunisticgroup
  rightrsasigkey=%dnsondemand
  negotiationshunt=hold
  failureshunt=passthrough
  keyingtries=1
  auto=ondemand
`;
