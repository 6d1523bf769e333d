/** IANA "IKEv2 Security Protocol Identifiers". */
import { registry } from './registry.js';

const protocols = registry({
  none: [0, 'RFC 7296 §3.10'],
  IKE: [1, 'RFC 7296 §3.3.1'],
  AH: [2, 'RFC 7296 §3.3.1'],
  ESP: [3, 'RFC 7296 §3.3.1'],
});

export const Protocol = protocols.number;
