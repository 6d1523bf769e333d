// The TXT records name the gateways only; their keys are in KEY records.
import { checkFirstPacket } from '../first-packet.mjs';

export default {
  name: 'OE with the key in a KEY record',
  requirements: ['OE-4', 'OE-9', 'OE-12', 'OE-103', 'SP-4', 'OE-71'],
  topology: { records: { alice: 'key', bob: 'key' } },
  run: (lab) => checkFirstPacket(lab, { gatewayIds: 'OE-71' }),
};
