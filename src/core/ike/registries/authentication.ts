/** IANA "IKEv2 Authentication Method". */
import { registry } from './registry.js';

const methods = registry({
  RSA_SIGNATURE: [1, 'RFC 7296 §2.15'],
  SHARED_KEY: [2, 'RFC 7296 §2.15'],
  ECDSA_P256: [9, 'RFC 4754'],
  NULL: [13, 'RFC 7619'],
  DIGITAL_SIGNATURE: [14, 'RFC 7427'],
});
export const AuthMethod = methods.number;
export const authMethodName = methods.name;
