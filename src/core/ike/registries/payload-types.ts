/** IANA "IKEv2 Payload Types", under the notation of RFC 7296 §3.2. */
import { registry } from './registry.js';

const payloadTypes = registry({
  none: [0, 'RFC 7296 §3.2'],
  SA: [33, 'RFC 7296 §3.3'],
  KE: [34, 'RFC 7296 §3.4'],
  IDi: [35, 'RFC 7296 §3.5'],
  IDr: [36, 'RFC 7296 §3.5'],
  CERT: [37, 'RFC 7296 §3.6'],
  CERTREQ: [38, 'RFC 7296 §3.7'],
  AUTH: [39, 'RFC 7296 §3.8'],
  Nonce: [40, 'RFC 7296 §3.9'],
  N: [41, 'RFC 7296 §3.10'],
  D: [42, 'RFC 7296 §3.11'],
  V: [43, 'RFC 7296 §3.12'],
  TSi: [44, 'RFC 7296 §3.13'],
  TSr: [45, 'RFC 7296 §3.13'],
  SK: [46, 'RFC 7296 §3.14'],
  CP: [47, 'RFC 7296 §3.15'],
  EAP: [48, 'RFC 7296 §3.16'],
  SKF: [53, 'RFC 7383 §2.5'],
});

export const PayloadType = payloadTypes.number;
export const payloadTypeName = payloadTypes.name;
