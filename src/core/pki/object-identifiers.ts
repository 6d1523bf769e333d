/** Object identifiers of keys and signatures: hexadecimal of the content octets in DER. */
import { fromHex } from '../bytes/hex.js';
import { der, Tag } from './der.js';

export const Oid = {
  /** 1.2.840.113549.1.1.1, RFC 8017 */
  rsaEncryption: '2a864886f70d010101',
  mgf1: '2a864886f70d010108',
  rsassaPss: '2a864886f70d01010a',
  sha256WithRsa: '2a864886f70d01010b',
  sha384WithRsa: '2a864886f70d01010c',
  sha512WithRsa: '2a864886f70d01010d',
  /** 1.2.840.10045.2.1, RFC 5480 */
  ecPublicKey: '2a8648ce3d0201',
  prime256v1: '2a8648ce3d030107',
  secp384r1: '2b81040022',
  /** 1.2.840.10045.4.3.2, RFC 5758 */
  ecdsaWithSha256: '2a8648ce3d040302',
  ecdsaWithSha384: '2a8648ce3d040303',
  ecdsaWithSha512: '2a8648ce3d040304',
  /** 1.3.101.112, RFC 8410 */
  ed25519: '2b6570',
  sha1: '2b0e03021a',
  sha256: '608648016503040201',
  sha384: '608648016503040202',
  sha512: '608648016503040203',
} as const;

/** `1.2.840…` of the content octets in hexadecimal (X.690 §8.19). */
export function dottedOid(oid: string): string {
  const numbers: number[] = [];
  let value = 0;
  for (const byte of fromHex(oid)) {
    value = value * 128 + (byte & 127);
    if (byte >= 128) continue;
    numbers.push(value);
    value = 0;
  }
  const [first = 0, ...rest] = numbers;
  const arc = Math.min(2, Math.floor(first / 40));
  return [arc, first - 40 * arc, ...rest].join('.');
}

export const derOid = (oid: string) => der(Tag.OBJECT_IDENTIFIER, fromHex(oid));
export const derNull = () => der(Tag.NULL);
