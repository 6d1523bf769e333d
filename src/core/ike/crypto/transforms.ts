/**
 * IANA "Internet Key Exchange Version 2 (IKEv2) Parameters", Transform Types: one table for each
 * registry, with the number, the name and where it is specified. Unknown numbers stay numbers;
 * `transformName` makes text of both.
 */

export interface Transform {
  readonly number: number;
  readonly name: string;
  /** Specification. */
  readonly section: string;
  /** Values of the Key Length attribute that we use; absent when the attribute must be absent. */
  readonly keyBits?: readonly number[];
}

/** Transform types (RFC 7296 §3.3.2). */
export const TransformType = { ENCR: 1, PRF: 2, INTEG: 3, DH: 4, ESN: 5 } as const;

export const encryptionTransforms: readonly Transform[] = [
  { number: 3, name: 'ENCR_3DES', section: 'RFC 2451' },
  { number: 11, name: 'ENCR_NULL', section: 'RFC 2410' },
  { number: 12, name: 'ENCR_AES_CBC', section: 'RFC 3602', keyBits: [128, 256] },
  { number: 13, name: 'ENCR_AES_CTR', section: 'RFC 3686', keyBits: [128, 256] },
  { number: 18, name: 'ENCR_AES_GCM_8', section: 'RFC 4106', keyBits: [128, 256] },
  { number: 19, name: 'ENCR_AES_GCM_12', section: 'RFC 4106', keyBits: [128, 256] },
  { number: 20, name: 'ENCR_AES_GCM_16', section: 'RFC 4106, RFC 5282', keyBits: [128, 256] },
  { number: 28, name: 'ENCR_CHACHA20_POLY1305', section: 'RFC 7634' },
];

export const prfTransforms: readonly Transform[] = [
  { number: 2, name: 'PRF_HMAC_SHA1', section: 'RFC 2104' },
  { number: 4, name: 'PRF_AES128_XCBC', section: 'RFC 4434' },
  { number: 5, name: 'PRF_HMAC_SHA2_256', section: 'RFC 4868' },
  { number: 6, name: 'PRF_HMAC_SHA2_384', section: 'RFC 4868' },
  { number: 7, name: 'PRF_HMAC_SHA2_512', section: 'RFC 4868' },
];

export const integrityTransforms: readonly Transform[] = [
  { number: 0, name: 'NONE', section: 'RFC 7296 §3.3.2' },
  { number: 2, name: 'AUTH_HMAC_SHA1_96', section: 'RFC 2404' },
  { number: 5, name: 'AUTH_AES_XCBC_96', section: 'RFC 3566' },
  { number: 12, name: 'AUTH_HMAC_SHA2_256_128', section: 'RFC 4868' },
  { number: 13, name: 'AUTH_HMAC_SHA2_384_192', section: 'RFC 4868' },
  { number: 14, name: 'AUTH_HMAC_SHA2_512_256', section: 'RFC 4868' },
];

export const dhTransforms: readonly Transform[] = [
  { number: 0, name: 'NONE', section: 'RFC 7296 §3.3.2' },
  { number: 2, name: 'MODP_1024', section: 'RFC 7296 §B.2' },
  { number: 5, name: 'MODP_1536', section: 'RFC 3526 §2' },
  { number: 14, name: 'MODP_2048', section: 'RFC 3526 §3' },
  { number: 15, name: 'MODP_3072', section: 'RFC 3526 §4' },
  { number: 16, name: 'MODP_4096', section: 'RFC 3526 §5' },
  { number: 19, name: 'ECP_256', section: 'RFC 5903' },
  { number: 20, name: 'ECP_384', section: 'RFC 5903' },
  { number: 21, name: 'ECP_521', section: 'RFC 5903' },
  { number: 31, name: 'CURVE25519', section: 'RFC 8031' },
  { number: 32, name: 'CURVE448', section: 'RFC 8031' },
];

export const esnTransforms: readonly Transform[] = [
  { number: 0, name: 'NO_ESN', section: 'RFC 7296 §3.3.2' },
  { number: 1, name: 'ESN', section: 'RFC 7296 §3.3.2' },
];

const registries: Readonly<Record<number, readonly Transform[]>> = {
  1: encryptionTransforms,
  2: prfTransforms,
  3: integrityTransforms,
  4: dhTransforms,
  5: esnTransforms,
};

/** Name of a transform for people; `ENCR_AES_GCM_16_256` with a key length, `UNKNOWN_99` otherwise. */
export function transformName(type: number, number: number, keyBits?: number): string {
  const known = registries[type]?.find((transform) => transform.number === number);
  const name = known?.name ?? `UNKNOWN_${number}`;
  return keyBits === undefined ? name : `${name}_${keyBits}`;
}
