// Two routed LANs, IPv4, TXT with the key in it: the plain way of the first packet.
import { checkFirstPacket } from '../first-packet.mjs';
import { isEsp } from '../net/capture.mjs';

const isOneOf = (addresses) => (address) => addresses.includes(address);

export default {
  name: 'OE between two routed LANs',
  requirements: ['OE-4', 'OE-9', 'OE-12', 'OE-103', 'SP-4', 'OE-18', 'OE-142'],
  topology: {},
  async run(lab) {
    const { wan } = await checkFirstPacket(lab, { gatewayIds: 'OE-18 OE-142' });
    const hosts = lab.pair('alice', 'bob');
    const direct = wan
      .packets()
      .filter((each) => isEsp(each) && [each.source, each.destination].some(isOneOf(hosts)));
    lab.check('OE-142 no ESP to or from the hosts themselves', direct.length === 0, direct.length);
  },
};
