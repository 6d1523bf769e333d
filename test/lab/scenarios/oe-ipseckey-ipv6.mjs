// IPSECKEY records with IPv6 gateways.
import { checkFirstPacket } from '../first-packet.mjs';

export default {
  name: 'OE with IPSECKEY records in IPv6',
  requirements: ['OE-4', 'OE-9', 'OE-12', 'OE-103', 'SP-4', 'OE-18'],
  topology: { family: 6, records: { alice: 'ipseckey', bob: 'ipseckey' } },
  run: (lab) => checkFirstPacket(lab, { gatewayIds: 'OE-18' }),
};
