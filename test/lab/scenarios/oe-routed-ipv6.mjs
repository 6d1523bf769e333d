// The same in IPv6: reverse names in ip6.arpa, gateways with IPv6 addresses.
import { checkFirstPacket } from '../first-packet.mjs';

export default {
  name: 'OE between two routed LANs in IPv6',
  requirements: ['OE-4', 'OE-9', 'OE-12', 'OE-103', 'SP-4', 'OE-18', 'SP-12'],
  topology: { family: 6 },
  run: (lab) => checkFirstPacket(lab, { gatewayIds: 'SP-12 OE-18' }),
};
