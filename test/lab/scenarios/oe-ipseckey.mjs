// Nothing but IPSECKEY records with a gateway (RFC 4025).
import { checkFirstPacket } from '../first-packet.mjs';

export default {
  name: 'OE with IPSECKEY records',
  requirements: ['OE-4', 'OE-9', 'OE-12', 'OE-103', 'SP-4', 'OE-18'],
  topology: { records: { alice: 'ipseckey', bob: 'ipseckey' } },
  run: (lab) => checkFirstPacket(lab, { gatewayIds: 'OE-18' }),
};
