// AutoVPN, negative control: alice's router knows nothing of it, so that the probes reach her. She notices
// nothing, sgb gives up after three, and its next daemon remembers that. Nobody gets an answer to a
// Probe Response that he made up.
import { autovpn, countersOf, probeCounts, probeName, talk } from '../autovpn.mjs';
import { isEsp, isIke } from '../net/capture.mjs';
import { eventually } from '../net/machine.mjs';

/** A Probe Response with nonces of the sender's choice, to whom it may concern. */
const forger = (address) => `const s = require('dgram').createSocket('udp4');
  const m = Buffer.alloc(16); m[3] = 0xfd;
  const v = Buffer.from('0100000801020061', 'hex');
  const n = (t) => Buffer.concat([Buffer.from([t, 0, 0, 64]), Buffer.alloc(60, 7)]);
  s.send(Buffer.concat([m, v, n(2), n(3)]), 4500, '${address}', () => s.close());`;

export default {
  name: 'AutoVPN towards a plain router',
  requirements: ['AV-26', 'AV-37', 'AV-77', 'AV-92', 'AV-94', 'AV-153'],
  topology: {},
  async run(lab) {
    const { sgb } = lab.routers;
    const [alice, bob] = await Promise.all([lab.capture('alice'), lab.capture('bob')]);
    await lab.start('sgb', autovpn());
    const call = await talk(lab, 'alice', 'bob');
    const requests = () => probeCounts(alice.packets())['Probe Request'];
    const three = await eventually(() => requests() >= 3, 60_000);
    lab.check('AV-26 AV-92 the Probe Requests reach alice, three of them', three, requests());
    const goesOn = await call.goesOn(80);
    lab.check(
      'AV-26 AV-22 her connection goes on, without an error',
      goesOn && call.errors().length === 0,
      call.errors(),
    );
    await lab.machine.run('carol', [process.execPath, '-e', forger(lab.address('bob'))]);
    const reason = 'dropped: Nonce-R is not ours';
    const dropped = await eventually(async () => (await countersOf(lab, 'sgb'))[reason] === 1);
    lab.check('AV-37 AV-77 a made-up Probe Response is counted', dropped);
    await sgb.stop();
    await lab.start('sgb', autovpn());
    const page = await lab.connect('alice', 'bob');
    const again = await eventually(
      async () => (await countersOf(lab, 'sgb'))['candidates probed before'] >= 1,
    );
    lab.check('AV-94 AV-A24 the next daemon knows whom the last one has probed', page.ok && again);
    await lab.settle();
    lab.check('AV-92 AV-93 AV-94 there were three, and no more', requests() === 3, requests());
    const strange = bob.packets().filter((each) => probeName(each) || each.icmp?.type === 12);
    lab.check('AV-27 AV-77 bob sees no probe', strange.length === 0, strange.length);
    const others = alice.packets().filter((each) => isEsp(each) || isIke(each));
    lab.check('AV-153 the traffic stays clear, and nobody calls alice', others.length === 0);
    await call.stop();
  },
};
