// A masqueraded LAN calls a host with a public address of its own.
import { checkFirstPacket } from '../first-packet.mjs';

export default {
  name: 'OE from a masqueraded LAN to a routed one',
  requirements: ['OE-4', 'OE-9', 'OE-12', 'OE-103', 'SP-4', 'OE-18'],
  topology: { masquerade: ['sga'] },
  run: (lab) => checkFirstPacket(lab, { gatewayIds: 'OE-18' }),
};
