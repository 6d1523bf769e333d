// autovpn beside oe-dns on the same WANs: bob publishes records and is found by them; for sgb itself
// there are none that alice could use, and the probes find it.
import { autovpn, bothEncrypt, probeCounts, talk } from '../autovpn.mjs';

export default {
  name: 'AutoVPN beside oe-dns',
  requirements: ['AV-10', 'AV-14'],
  topology: { records: { bob: 'none', alice: 'none' } },
  isRare: true,
  async run(lab) {
    const wan = await lab.capture('internet', 'wan-a');
    const both = autovpn({ plugin: ['oe-dns', 'autovpn'] });
    await Promise.all([lab.start('sga', both), lab.start('sgb', both)]);
    const call = await talk(lab, 'alice', 'bob');
    lab.check('AV-1 AV-14 without records the probes find the peer', await bothEncrypt(lab));
    lab.check('the connection goes on', (await call.goesOn(10)) && !call.errors().length);
    await call.stop();
    lab.check('AV-20 with probes', probeCounts(wan.packets())['Probe Complete'] >= 1);
  },
};
