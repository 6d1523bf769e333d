// Two routed LANs, IPv4, TXT with the key in it: the plain way of the first packet.
import { isSyn } from '../net/capture.mjs';

export default {
  name: 'OE between two routed LANs',
  requirements: ['OE-9', 'OE-12', 'OE-18', 'SP-4'],
  topology: {},
  async run(lab) {
    const [wan, atAlice, atBob] = await Promise.all([
      lab.capture(),
      lab.capture('alice'),
      lab.capture('bob'),
    ]);
    await Promise.all([lab.start('sga'), lab.start('sgb')]);
    const page = await lab.connect('alice', 'bob');
    await lab.settle();
    lab.check('OE-9 alice reads the page of bob', page.body === 'Hello from bob', page.error);
    const syns = (capture) => capture.packets().filter(isSyn).length;
    lab.check('OE-12 the first SYN is not retransmitted', syns(atAlice) === 1, syns(atAlice));
    lab.check('OE-12 the first SYN arrives once', syns(atBob) === 1, syns(atBob));
    lab.assertEsp('OE-18 ESP both ways', wan, lab.pair('sga', 'sgb'));
    lab.assertNoClearPacket('SP-4 no clear packet of the pair', wan, lab.pair('alice', 'bob'));
  },
};
