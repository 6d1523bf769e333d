// A hundred destinations without records in about a second: each goes clear, with its first packet.

import { recordQuestions } from '../first-packet.mjs';
import { pingAll } from '../many.mjs';

export default {
  name: '100 new destinations in one second, without records',
  requirements: ['OE-5', 'OE-82', 'SP-2'],
  topology: { extra: { carol: 100 } },
  async run(lab) {
    const dns = await lab.capture('dns');
    await lab.start('sga');
    const { answered, milliseconds } = await pingAll(lab, 'alice', 'carol', 100);
    await lab.settle();
    lab.check('SP-2 all 100 first packets are answered', answered === 100, `${answered} of 100`);
    // by name: a question without an answer in time is repeated, and an emulated machine is slow
    const asked = recordQuestions(lab, dns, 'sga').filter((each) => each.startsWith('TXT'));
    const names = new Set(asked).size;
    lab.check('SP-2 each was asked for', names === 100, `${names} names`);
    lab.tell(`100 destinations took ${milliseconds} ms`);
    const again = await lab.ping('alice', 'carol', { address: lab.extraAddress('carol', 7) });
    lab.check('OE-82 the daemon goes on', again.received === 1);
  },
};
