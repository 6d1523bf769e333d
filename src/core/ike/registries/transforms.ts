/** IANA registries of what an SA payload negotiates (RFC 7296 §3.3.1, §3.3.2). */
import { registry } from './registry.js';

const protocols = registry({
  none: [0, 'RFC 7296 §3.10'],
  IKE: [1, 'RFC 7296 §3.3.1'],
  AH: [2, 'RFC 7296 §3.3.1'],
  ESP: [3, 'RFC 7296 §3.3.1'],
});
export const Protocol = protocols.number;
export const protocolName = protocols.name;

const transformTypes = registry({
  ENCR: [1, 'RFC 7296 §3.3.2'],
  PRF: [2, 'RFC 7296 §3.3.2'],
  INTEG: [3, 'RFC 7296 §3.3.2'],
  KE: [4, 'RFC 7296 §3.3.2, named by RFC 9370'],
  ESN: [5, 'RFC 7296 §3.3.2'],
});
export const TransformType = transformTypes.number;
export const transformTypeName = transformTypes.name;

const attributes = registry({ KEY_LENGTH: [14, 'RFC 7296 §3.3.5'] });
export const AttributeType = attributes.number;

const esn = registry({
  NO_ESN: [0, 'RFC 7296 §3.3.2'],
  ESN: [1, 'RFC 7296 §3.3.2'],
});
export const Esn = esn.number;

const encryption = registry({
  ENCR_DES: [2, 'RFC 2405'],
  ENCR_3DES: [3, 'RFC 2451'],
  ENCR_NULL: [11, 'RFC 2410'],
  ENCR_AES_CBC: [12, 'RFC 3602'],
  ENCR_AES_CTR: [13, 'RFC 3686'],
  ENCR_AES_GCM_8: [18, 'RFC 4106'],
  ENCR_AES_GCM_12: [19, 'RFC 4106'],
  ENCR_AES_GCM_16: [20, 'RFC 4106'],
  ENCR_CHACHA20_POLY1305: [28, 'RFC 7634'],
});
export const Encryption = encryption.number;
export const encryptionName = encryption.name;

const prf = registry({
  PRF_HMAC_SHA1: [2, 'RFC 2104'],
  PRF_HMAC_SHA2_256: [5, 'RFC 4868'],
  PRF_HMAC_SHA2_384: [6, 'RFC 4868'],
  PRF_HMAC_SHA2_512: [7, 'RFC 4868'],
});
export const Prf = prf.number;
export const prfName = prf.name;

const integrity = registry({
  NONE: [0, 'RFC 7296 §3.3.2'],
  AUTH_HMAC_SHA1_96: [2, 'RFC 2404'],
  AUTH_HMAC_SHA2_256_128: [12, 'RFC 4868'],
  AUTH_HMAC_SHA2_384_192: [13, 'RFC 4868'],
  AUTH_HMAC_SHA2_512_256: [14, 'RFC 4868'],
});
export const Integrity = integrity.number;
export const integrityName = integrity.name;

const groups = registry({
  NONE: [0, 'RFC 7296 §3.3.2'],
  MODP_2048: [14, 'RFC 3526'],
  MODP_3072: [15, 'RFC 3526'],
  MODP_4096: [16, 'RFC 3526'],
  ECP_256: [19, 'RFC 5903'],
  ECP_384: [20, 'RFC 5903'],
  CURVE25519: [31, 'RFC 8031'],
});
export const Group = groups.number;
export const groupName = groups.name;
