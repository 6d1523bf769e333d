// AutoVPN where both routers translate: bob is behind a port forward of his (case N5), and the address that
// alice uses is the one that is proven.
import { autovpn, between, bothEncrypt, probeCounts } from '../autovpn.mjs';
import { isEsp } from '../net/capture.mjs';

export default {
  name: 'AutoVPN to a port forward',
  requirements: ['AV-95', 'AV-A27'],
  topology: { masquerade: ['sga', 'sgb'] },
  async run(lab) {
    const wan = await lab.capture('internet', 'wan-a');
    await Promise.all([lab.start('sga', autovpn()), lab.start('sgb', autovpn())]);
    const first = await lab.connect('alice', 'bob');
    lab.check('AV-95 AV-A27 bob is reached in clear at first', first.body === 'Hello from bob');
    lab.check('AV-95 AV-A27 a tunnel for both outer addresses', await bothEncrypt(lab));
    await lab.settle(2000);
    const keyedAt = Date.now();
    const page = await lab.connect('alice', 'bob');
    await lab.settle();
    lab.check('AV-A27 bob is reached through the tunnel', page.body === 'Hello from bob');
    const late = wan.packets().filter(({ time }) => time > keyedAt);
    const clear = between(late, lab.pair('alice', 'bob')).filter(
      (each) => !isEsp(each) && !each.ike,
    );
    lab.check(
      'AV-A27 nothing of it is clear',
      late.some(isEsp) && clear.length === 0,
      clear.length,
    );
    const counts = probeCounts(wan.packets());
    lab.check(
      'AV-31 all three probes',
      Object.values(counts).every((each) => each > 0),
    );
  },
};
