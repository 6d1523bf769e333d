// AutoVPN on a line that loses the first Probe Request and the first Probe Response.
import { autovpn, bothEncrypt, probeCounts, talk } from '../autovpn.mjs';

const losses = `table inet lossy {
  chain forward { type filter hook forward priority 0; policy accept;
    icmp type parameter-problem icmp code 1 limit rate 1/day burst 1 packets counter drop
    udp dport 4500 @th,64,32 0x000000fd limit rate 1/day burst 1 packets counter drop
  }
}`;

export default {
  name: 'AutoVPN on a line that loses probes',
  requirements: ['AV-91', 'AV-92'],
  topology: {},
  isRare: true,
  async run(lab) {
    await lab.machine.run('internet', ['nft', '-f', '-'], { input: losses });
    const wan = await lab.capture('internet', 'wan-b');
    await Promise.all([lab.start('sga', autovpn()), lab.start('sgb', autovpn())]);
    const call = await talk(lab, 'alice', 'bob');
    lab.check('AV-91 the exchange completes all the same', await bothEncrypt(lab));
    await lab.settle();
    const sent = probeCounts(wan.packets())['Probe Request'];
    lab.check('AV-91 AV-92 the third Probe Request made it', sent === 3, sent);
    await call.stop();
  },
};
