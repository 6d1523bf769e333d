/**
 * Public keys in the form DNS records carry them: RSA after RFC 3110 §2 (KEY, IPSECKEY, and the
 * base64 of TXT records), ECDSA as the bare point (RFC 6605 §4), EdDSA as it is (RFC 8080 §3).
 */
import { concat, uintBytes } from '../bytes/bytes.js';
import type { Read } from '../bytes/struct.js';
import type { KeyType, PublicKey } from './public-key.js';

/** 8192 bits (SP-18); RFC 3110 §2 itself stops at 4096. */
export const MAX_MODULUS_BYTES = 1024;
/**
 * Ours: the cost of a verification grows with the exponent, and a stranger chooses it. Real keys
 * have 3 or 65537.
 */
export const MAX_EXPONENT_BYTES = 8;

const refused = (error: string): Read<never> => ({ ok: false, error });

/** How many bytes the exponent has, and where it starts: one byte, or zero and two bytes. */
function exponentLength(bytes: Uint8Array): Read<{ length: number; at: number }> {
  const [first, high, low] = bytes;
  if (first === undefined) return refused('rsa.exponentLength: needs 1 byte, 0 left');
  if (first > 0) return { ok: true, value: { length: first, at: 1 } };
  if (high === undefined || low === undefined)
    return refused(`rsa.exponentLength: needs 3 bytes, has ${bytes.length}`);
  return { ok: true, value: { length: high * 256 + low, at: 3 } };
}

/** A number of RSA: 1 to `limit` bytes without leading zeros (RFC 3110 §2 prohibits them). */
function wrongNumber(field: string, bytes: Uint8Array, limit: number): string | undefined {
  if (bytes.length === 0) return `rsa.${field}: needs 1 byte, 0 left`;
  if (bytes[0] === 0) return `rsa.${field}: starts with a zero byte`;
  if (bytes.length > limit) return `rsa.${field}: has ${bytes.length} bytes, ${limit} allowed`;
  return undefined;
}

/** An RSA key after RFC 3110 §2: exponent length, exponent, modulus. */
export function readRsaKey(bytes: Uint8Array): Read<PublicKey & { type: 'rsa' }> {
  const head = exponentLength(bytes);
  if (!head.ok) return head;
  const { length, at } = head.value;
  const left = bytes.length - at;
  if (length > left) return refused(`rsa.exponent: needs ${length} bytes, ${left} left`);
  const exponent = bytes.slice(at, at + length);
  const modulus = bytes.slice(at + length);
  const wrong =
    wrongNumber('exponent', exponent, MAX_EXPONENT_BYTES) ??
    wrongNumber('modulus', modulus, MAX_MODULUS_BYTES);
  return wrong ? refused(wrong) : { ok: true, value: { type: 'rsa', modulus, exponent } };
}

function readPoint(type: Exclude<KeyType, 'rsa'>, size: number, point: Uint8Array) {
  if (point.length !== size)
    return refused(`${type}.point: needs ${size} bytes, has ${point.length}`);
  return { ok: true as const, value: { type, point: point.slice() } as PublicKey };
}

const readers: Record<KeyType, (bytes: Uint8Array) => Read<PublicKey>> = {
  rsa: readRsaKey,
  'ecdsa-p256': (bytes) => readPoint('ecdsa-p256', 64, bytes),
  'ecdsa-p384': (bytes) => readPoint('ecdsa-p384', 96, bytes),
  ed25519: (bytes) => readPoint('ed25519', 32, bytes),
};

/** Reads key data of a record; the record's algorithm number says which type it is. */
export const readDnsKey = (type: KeyType, bytes: Uint8Array): Read<PublicKey> =>
  readers[type](bytes);

/** Key data for a record. The short form of the exponent's length is used where it fits. */
export function writeDnsKey(key: PublicKey): Uint8Array {
  if (key.type !== 'rsa') return key.point.slice();
  const { length } = key.exponent;
  const head = length < 256 ? uintBytes(length, 1) : concat(uintBytes(0, 1), uintBytes(length, 2));
  return concat(head, key.exponent, key.modulus);
}
