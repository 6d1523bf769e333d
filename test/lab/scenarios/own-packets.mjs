// Packets that the routers make themselves: held and encrypted as those of the hosts are.
import { captureAll, recordQuestions } from '../first-packet.mjs';
import { reverseName } from '../net/addresses.mjs';

export default {
  name: "the routers' own packets",
  requirements: ['OE-12', 'OE-18', 'OE-99', 'OE-139', 'SP-4', 'SP-7'],
  topology: {},
  async run(lab) {
    const { wan, dns } = await captureAll(lab);
    await Promise.all([lab.start('sga'), lab.start('sgb')]);
    const toBob = await lab.ping('sga', 'bob', { waitSeconds: 20 });
    lab.check("OE-139 OE-12 SG-A's own first packet to bob is answered", toBob.received === 1);
    const ofBob = `TXT ${reverseName(lab.address('bob'))}`;
    const askedByA = recordQuestions(lab, dns, 'sga');
    lab.check('OE-139 SG-A asks for the TXT of bob', askedByA.includes(ofBob), askedByA.join());
    const asked = recordQuestions(lab, dns, 'sgb');
    const own = reverseName(lab.address('sga'));
    lab.check('OE-139 SG-B looks for the KEY of SG-A', asked.includes(`KEY ${own}`), asked.join());
    lab.check('SP-7 and for no TXT, as it is its own client', !asked.includes(`TXT ${own}`));
    await lab.settle();
    lab.assertEsp('OE-139 then ESP, as for a host behind it', wan, lab.pair('sga', 'sgb'));
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
