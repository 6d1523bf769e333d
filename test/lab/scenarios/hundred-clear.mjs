// A hundred destinations without records in about a second: each goes clear, with its first packet.

import { pingAll } from '../many.mjs';

export default {
  name: '100 new destinations in one second, without records',
  requirements: ['OE-10', 'SP-2'],
  topology: { extra: { carol: 100 } },
  async run(lab) {
    await lab.start('sga');
    const { answered, milliseconds } = await pingAll(lab, 'alice', 'carol', 100);
    await lab.settle();
    lab.check('SP-2 all 100 first packets are answered', answered === 100, `${answered} of 100`);
    // not by questions at the name server: a resolver that validates infers names from NSEC
    const { connections } = await lab.status('sga');
    const clear = connections.filter((each) => each.state === 'clear').length;
    lab.check('OE-10 status has a verdict for each', clear === 100, `${clear} clear`);
    lab.tell(`100 destinations took ${milliseconds} ms`);
    const again = await lab.ping('alice', 'carol', { address: lab.extraAddress('carol', 7) });
    lab.check('the daemon goes on', again.received === 1);
  },
};
