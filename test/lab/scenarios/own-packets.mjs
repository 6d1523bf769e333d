// Packets that the routers make themselves: held and encrypted as those of the hosts are.
import { captureAll } from '../first-packet.mjs';

export default {
  name: "the routers' own packets",
  requirements: ['OE-12', 'OE-18', 'OE-99', 'SP-4'],
  topology: {},
  async run(lab) {
    const { wan } = await captureAll(lab);
    await Promise.all([lab.start('sga'), lab.start('sgb')]);
    const toBob = await lab.ping('sga', 'bob', { waitSeconds: 20 });
    lab.check("OE-12 SG-A's own first packet to bob is answered", toBob.received === 1);
    lab.assertNoClearPacket('SP-4 SG-A to bob: nothing in clear', wan, lab.pair('sga', 'bob'));
    const toGateway = await lab.ping('sga', 'sgb', { waitSeconds: 20 });
    lab.check("OE-12 SG-A's own first packet to SG-B is answered", toGateway.received === 1);
    await lab.settle();
    lab.assertNoClearPacket('SP-4 SG-A to SG-B: nothing in clear', wan, lab.pair('sga', 'sgb'));
    lab.assertEsp('OE-18 ESP both ways', wan, lab.pair('sga', 'sgb'));
    const states = await lab.routers.sga.xfrmStates();
    lab.check(
      'OE-99 tunnel mode between host and gateway too',
      !/mode transport/.test(states),
      states,
    );
  },
};
