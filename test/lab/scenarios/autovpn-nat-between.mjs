// AutoVPN with a carrier's NAT between the gateways: the probe comes through it and tells of it, and the
// traffic stays as it was.
import { autovpn, counted, probeCounts, talk } from '../autovpn.mjs';
import { isIke } from '../net/capture.mjs';

const carrier = `table ip carrier {
  chain srcnat { type nat hook postrouting priority srcnat; policy accept;
    oifname "wan-b" masquerade
  }
}`;

export default {
  name: 'AutoVPN with a NAT between the gateways',
  requirements: ['AV-19', 'AV-95', 'AV-97', 'AV-A26'],
  topology: { masquerade: ['sga'] },
  async run(lab) {
    await lab.machine.run('internet', ['nft', '-f', '-'], { input: carrier });
    const wan = await lab.capture('internet', 'wan-a');
    await Promise.all([lab.start('sga', autovpn()), lab.start('sgb', autovpn())]);
    const call = await talk(lab, 'alice', 'bob');
    const noticed = await counted(lab, 'sga', 'dropped: NAT between');
    lab.check('AV-19 AV-95 AV-97 the probe comes through, and tells of the NAT', noticed);
    const goesOn = await call.goesOn(80);
    const counts = probeCounts(wan.packets());
    lab.check(
      'AV-97 AV-A26 no Probe Response, and no IKE',
      counts['Probe Response'] === 0 && !wan.packets().some(isIke),
      JSON.stringify(counts),
    );
    const told = lab.routers.sga.daemon.log().match(/a NAT between us/g) ?? [];
    lab.check('AV-97 a person is told, once', told.length === 1, told.length);
    lab.check('AV-97 the connection goes on in clear', goesOn && call.errors().length === 0);
    await call.stop();
  },
};
