/** IANA "IKEv2 Exchange Types". */
import { registry } from './registry.js';

const exchanges = registry({
  IKE_SA_INIT: [34, 'RFC 7296 §1.2'],
  IKE_AUTH: [35, 'RFC 7296 §1.2'],
  CREATE_CHILD_SA: [36, 'RFC 7296 §1.3'],
  INFORMATIONAL: [37, 'RFC 7296 §1.4'],
});

export const Exchange = exchanges.number;
export type ExchangeName = keyof typeof Exchange;
export const exchangeName = exchanges.name;
