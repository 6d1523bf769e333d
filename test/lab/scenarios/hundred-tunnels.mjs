// A hundred destinations behind one gateway in about a second: a tunnel for each, one IKE SA.

import { pingAll } from '../many.mjs';
import { clearPackets, isIke } from '../net/capture.mjs';

export default {
  name: '100 new destinations in one second, with records',
  requirements: ['OE-12', 'OE-67', 'OE-101', 'SP-4'],
  topology: { extra: { bob: 100 } },
  async run(lab) {
    const wan = await lab.capture();
    // an emulated machine is slow, and nothing shall go clear for that
    const configuration = { main: { patience: 100, dns_patience: 60 } };
    await Promise.all([lab.start('sga', configuration), lab.start('sgb', configuration)]);
    const { answered, milliseconds } = await pingAll(lab, 'alice', 'bob', 100);
    await lab.settle();
    lab.check('OE-12 all 100 first packets are answered', answered === 100, `${answered} of 100`);
    lab.tell(`100 tunnels took ${milliseconds} ms`);
    const packets = wan.packets();
    const clear = Array.from({ length: 100 }, (_, index) => [
      lab.address('alice'),
      lab.extraAddress('bob', index),
    ]).flatMap((pair) => clearPackets(packets, pair));
    lab.check('SP-4 not one clear packet', clear.length === 0, `${clear.length} packets`);
    const initiators = new Set(
      packets.filter((each) => isIke(each)).map((each) => each.ike.spiInitiator),
    );
    lab.check('OE-67 one IKE SA carries them all', initiators.size === 1, `${initiators.size}`);
    const { connections } = await lab.status('sga');
    const keyed = connections.filter((each) => each.state === 'keyed').length;
    lab.check('OE-101 a tunnel for each pair', keyed === 100, `${keyed} keyed`);
  },
};
