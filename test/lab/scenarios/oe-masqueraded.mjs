// Both LANs hidden behind their routers: the pair on the wire is that of the two WAN addresses.
import { checkFirstPacket } from '../first-packet.mjs';

export default {
  name: 'OE between two masqueraded LANs',
  requirements: ['OE-4', 'OE-9', 'OE-12', 'OE-103', 'SP-4', 'OE-18'],
  topology: { masquerade: ['sga', 'sgb'] },
  run: (lab) => checkFirstPacket(lab, { gatewayIds: 'OE-18' }),
};
