// The TXT records name the gateways only; their keys are in KEY records.
import { checkFirstPacket, recordQuestions } from '../first-packet.mjs';
import { reverseName } from '../net/addresses.mjs';

export default {
  name: 'OE with the key in a KEY record',
  requirements: ['OE-4', 'OE-9', 'OE-12', 'OE-103', 'SP-4', 'OE-71'],
  topology: { records: { alice: 'key', bob: 'key' } },
  async run(lab) {
    const { dns } = await checkFirstPacket(lab);
    const asked = recordQuestions(lab, dns, 'sga');
    const isAsked = asked.includes(`KEY ${reverseName(lab.address('sgb'))}`);
    lab.check('OE-71 the KEY of the gateway is asked for', isAsked, asked.join(', '));
  },
};
