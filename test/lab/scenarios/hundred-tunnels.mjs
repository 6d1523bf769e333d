// A hundred destinations behind one gateway in about a second: a tunnel for each, one IKE SA.

import { pingAll } from '../many.mjs';
import { clearPackets, isEsp, isIke } from '../net/capture.mjs';

/** Where the routers' kernels dropped packets, by their own counters. */
async function losses(lab) {
  const parts = ['sga', 'sgb'].map(async (router) => {
    const files = ['/proc/net/xfrm_stat', '/proc/net/netfilter/nfnetlink_queue'];
    const text = await lab.machine.run(router, ['grep', '-hEv', '[^0-9]0$', ...files]);
    return `${router}: ${text.trim().split(/\s+/).join(' ')}`;
  });
  return (await Promise.all(parts)).join('; ');
}

export default {
  name: '100 new destinations in one second, with records',
  requirements: ['OE-12', 'OE-67', 'OE-101', 'SP-4'],
  seconds: 420,
  topology: { extra: { bob: 100 } },
  async run(lab) {
    const wan = await lab.capture();
    // an emulated machine is slow, and nothing shall go clear for that
    const configuration = { main: { patience: 300, dns_patience: 60 } };
    await Promise.all([lab.start('sga', configuration), lab.start('sgb', configuration)]);
    const { answered, milliseconds } = await pingAll(lab, 'alice', 'bob', 100);
    await lab.settle();
    const lost = answered === 100 ? '' : await losses(lab);
    lab.check(
      'OE-12 all 100 first packets are answered',
      answered === 100,
      `${answered} of 100; ${lost}`,
    );
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
    // one would do; an emulated peer may be too slow, and is then taken for restarted
    lab.check('OE-67 a few IKE SAs carry them all', initiators.size <= 5, `${initiators.size}`);
    // not by status: what carried one packet is idle and may be closed by now
    const outbound = packets.filter(
      (each) => isEsp(each) && each.destination === lab.address('sgb'),
    );
    const tunnels = new Set(outbound.map((each) => each.spi)).size;
    lab.check('OE-101 a tunnel for each pair', tunnels >= 100, `${tunnels} SPIs`);
  },
};
