// Each answer takes half a second more: packets wait for it, and nothing leaves in clear meanwhile.
import { checkFirstPacket } from '../first-packet.mjs';

export default {
  name: 'name server slow',
  requirements: ['OE-4', 'OE-9', 'OE-12', 'OE-18', 'OE-103', 'SP-4'],
  topology: { nameServer: 'slow' },
  run: (lab) => checkFirstPacket(lab),
};
