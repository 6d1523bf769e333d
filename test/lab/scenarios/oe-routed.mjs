// Two routed LANs, IPv4, TXT with the key in it: the plain way of the first packet.
import { checkFirstPacket } from '../first-packet.mjs';

export default {
  name: 'OE between two routed LANs',
  requirements: ['OE-4', 'OE-9', 'OE-12', 'OE-103', 'SP-4', 'OE-18'],
  topology: {},
  run: (lab) => checkFirstPacket(lab, { gatewayIds: 'OE-18' }),
};
