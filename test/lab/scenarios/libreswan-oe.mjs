// SG-B is libreswan with opportunistic encryption by IPSECKEY, as its documentation has it: the record
// without gateway (`10 0 2 .`), keys on demand from the signed reverse DNS. SG-A is our daemon with
// oe-dns. The two routers' own packets, both directions.
import path from 'node:path';
import { makeNss } from '../../tools/nss.mjs';
import { captureAll } from '../first-packet.mjs';
import { clearPackets } from '../net/capture.mjs';
import { eventually } from '../net/machine.mjs';
import { startPluto } from '../net/pluto.mjs';

export default {
  name: 'libreswan with IPSECKEY as the other gateway',
  requirements: ['IK-10', 'OE-9', 'OE-12', 'OE-18', 'SP-4'],
  peers: ['libreswan'],
  topology: { records: { alice: 'ipseckey', bob: 'ipseckey' } },
  async run(lab) {
    const { wan } = await captureAll(lab);
    const pluto = await startLibreswan(lab);
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
  lab.check(`IK-10 ${who}: one Child SA at libreswan`, (await pluto.states('CHILD')).length === 1);
  lab.assertEsp(`IK-10 OE-18 ${who}: ESP both ways`, wan, lab.pair('sga', 'sgb'));
  // its group is private-or-clear: a packet of libreswan's before the tunnel stands may be clear
  const [us] = lab.pair('sga', 'sgb');
  const ours = clearPackets(wan.packets(), lab.pair('sga', 'sgb')).filter(
    ({ source }) => source === us,
  );
  lab.check(`IK-10 SP-4 ${who}: nothing of ours in clear`, ours.length === 0, `${ours.length}`);
}

async function startLibreswan(lab) {
  const { machine, parts } = lab;
  const tree = parts.peers.libreswan;
  const nss = path.join(machine.folder, 'nss');
  makeNss(tree, nss, { keys: { sgb: `${parts.keyFolder}/sgb/private-key.pem` } });
  const pluto = startPluto(machine, 'sgb', {
    ...{ tree, nss, keyFolder: parts.keyFolder, address: lab.address('sgb') },
    destinations: [`${lab.address('sga')}/32`],
  });
  await pluto.ready();
  return pluto;
}
