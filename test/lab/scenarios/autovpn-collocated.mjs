// AutoVPN where a host is its own gateway: alice talks to sgb itself, then sga itself to bob. Two pairs
// between the same gateways, each with probes and an IKE SA of its own.
import { autovpn, bothEncrypt, probeCounts, probeName, talk } from '../autovpn.mjs';
import { isIke } from '../net/capture.mjs';

export default {
  name: 'AutoVPN with hosts that are their own gateways',
  requirements: ['AV-8', 'AV-16', 'AV-A30'],
  topology: {},
  async run(lab) {
    const wan = await lab.capture('internet', 'wan-a');
    await Promise.all([lab.start('sga', autovpn()), lab.start('sgb', autovpn())]);
    for (const pair of [
      ['alice', 'sgb'],
      ['sga', 'bob'],
    ]) {
      const call = await talk(lab, ...pair);
      const name = pair.join(' to ');
      lab.check(`AV-8 a tunnel, ${name}`, await bothEncrypt(lab, pair));
      const goesOn = await call.goesOn(10);
      lab.check(`AV-8 AV-30 the connection goes on, ${name}`, goesOn && !call.errors().length);
      await call.stop();
    }
    await lab.settle();
    const packets = wan.packets();
    const counts = probeCounts(packets);
    const isWhole = Object.values(counts).every((count) => count >= 2);
    lab.check('AV-16 all three probes for each', isWhole, JSON.stringify(counts));
    const first = packets.find((each) => probeName(each) || isIke(each));
    lab.check('AV-16 before any IKE', first && probeName(first) === 'Probe Request');
    const inits = packets.filter((each) => each.ike?.exchange === 'IKE_SA_INIT');
    const spis = new Set(inits.map(({ ike }) => ike.spiInitiator));
    lab.check('AV-A30 two pairs, two IKE SAs', spis.size === 2, spis.size);
  },
};
