/**
 * KEY record data (RFC 2535 §3.1), and the one use of it that we know: a gateway's RSA key for
 * IPsec (draft-richardson-ipsec-opportunistic-11 §5.1).
 */
import { type Read, rest, struct, u8, u16, type ValueOf } from '../bytes/struct.js';
import { readDnsKey, writeDnsKey } from '../pki/dns-key.js';
import type { PublicKey } from '../pki/public-key.js';
import { refused } from './read.js';

export const keyRecord = struct('KEY', {
  flags: u16,
  protocol: u8,
  algorithm: u8,
  publicKey: rest,
});
export type KeyRecord = ValueOf<typeof keyRecord>;

/** Not for confidentiality; a key of the non-zone entity that the owner names. */
export const HOST_KEY_FLAGS = 0x4200;
export const PROTOCOL_IPSEC = 4;
/** RSA/MD5 and RSA/SHA-1: the key data are the same (RFC 3110 §2), and the hash is not used. */
const RSA_ALGORITHMS: readonly number[] = [1, 5];
const PUBLISHED_ALGORITHM = 1;

/** RFC 2535 §3.1.2 */
const NO_AUTHENTICATION = 0x8000;
const FLAG_EXTENSION = 0x1000;

/** The RSA key for IPsec in a KEY record, or why this record is not used (OE-80). */
export function readIpsecKey(data: Uint8Array): Read<PublicKey> {
  const record = keyRecord.read(data);
  if (!record.ok) return record;
  const { flags, protocol, algorithm, publicKey } = record.value;
  if (flags & (NO_AUTHENTICATION | FLAG_EXTENSION))
    return refused(`KEY.flags: 0x${flags.toString(16)} is no key for authentication`);
  if (protocol !== PROTOCOL_IPSEC)
    return refused(`KEY.protocol: is ${protocol}, IPsec has ${PROTOCOL_IPSEC}`);
  if (!RSA_ALGORITHMS.includes(algorithm))
    return refused(`KEY.algorithm: is ${algorithm}, RSA has ${RSA_ALGORITHMS.join(' or ')}`);
  return readDnsKey('rsa', publicKey);
}

/** The KEY record in which a gateway publishes its RSA key. */
export const ipsecKeyRecord = (key: PublicKey & { type: 'rsa' }): KeyRecord => ({
  flags: HOST_KEY_FLAGS,
  protocol: PROTOCOL_IPSEC,
  algorithm: PUBLISHED_ALGORITHM,
  publicKey: writeDnsKey(key),
});
