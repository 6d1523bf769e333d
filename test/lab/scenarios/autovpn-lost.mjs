// AutoVPN on a line that loses the first Probe Request and the first two Probe Responses, and doubles all that
// it does not lose.
import { autovpn, bothEncrypt, counted, probeCounts, talk } from '../autovpn.mjs';

const losses = `table inet lossy {
  chain forward { type filter hook forward priority 0; policy accept;
    icmp type parameter-problem icmp code 1 limit rate 1/day burst 1 packets counter drop
    udp dport 4500 @th,64,32 0x000000fd limit rate 1/day burst 2 packets counter drop
  }
}`;

export default {
  name: 'AutoVPN on a line that loses and doubles probes',
  requirements: ['AV-90', 'AV-91', 'AV-92'],
  topology: {},
  isRare: true,
  async run(lab) {
    await lab.machine.run('internet', ['nft', '-f', '-'], { input: losses });
    for (const device of ['wan-a', 'wan-b']) {
      const argv = ['qdisc', 'change', 'dev', device, 'root', 'netem'];
      await lab.machine.run('internet', ['tc', ...argv, 'delay', '10ms', 'duplicate', '100%']);
    }
    // What a router sends is seen once where it enters; doubled only where it leaves
    const [nearA, nearB] = await Promise.all([
      lab.capture('internet', 'wan-a'),
      lab.capture('internet', 'wan-b'),
    ]);
    await Promise.all([lab.start('sga', autovpn()), lab.start('sgb', autovpn())]);
    const call = await talk(lab, 'alice', 'bob');
    lab.check('AV-91 the exchange completes all the same', await bothEncrypt(lab));
    lab.check('the connection goes on', (await call.goesOn(10)) && !call.errors().length);
    await lab.settle();
    const { 'Probe Request': requests, 'Probe Complete': completes } = probeCounts(nearB.packets());
    const { 'Probe Response': responses } = probeCounts(nearA.packets());
    lab.check('AV-91 AV-92 the third Probe Request made it', requests === 3, requests);
    lab.check(
      'AV-90 AV-92 nothing is sent more than three times, however often it was asked for',
      completes >= 1 && completes <= 3 && responses === 3,
      `${responses} Probe Responses, ${completes} Probe Completes`,
    );
    const isCounted = await counted(lab, 'sga', 'dropped: answered before');
    lab.check('AV-90 what comes once more is dropped, and counted', isCounted);
    await call.stop();
  },
};
