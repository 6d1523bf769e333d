/** Big-endian bytes and big integers, and powers modulo a big number, as RSA and MODP groups need. */
import '../bytes/engine-fixes.js';
import { fromHex, toHex } from '../bytes/hex.js';

/** Value of big-endian bytes; 0 for none. */
export const bytesToInteger = (bytes: Uint8Array): bigint =>
  bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);

/** Big-endian bytes, padded with zeros to `length`. Throws when it does not fit. */
export function integerToBytes(value: bigint, length: number): Uint8Array {
  const digits = value.toString(16).padStart(2 * length, '0');
  if (digits.length !== 2 * length || value < 0n)
    throw new Error(`integer of ${digits.length * 4} bits does not fit ${length} bytes`);
  return fromHex(digits);
}

/** Big-endian bytes without leading zeros; one zero byte for 0. */
export function minimalBytes(value: bigint): Uint8Array {
  const digits = value.toString(16);
  return fromHex(digits.length % 2 === 0 ? digits : `0${digits}`);
}

/** Number of bits without leading zeros; 0 for 0. */
export const bitLength = (value: bigint): number => (value === 0n ? 0 : value.toString(2).length);

/**
 * base^exponent mod modulus, in windows of four bits. The same steps are done for each digit, but
 * big integers of an engine take time by their value: private keys use it with blinding.
 */
export function modPow(base: bigint, exponent: bigint, modulus: bigint): bigint {
  if (modulus < 2n || exponent < 0n) throw new Error('modPow: modulus or exponent out of range');
  const powers = [1n];
  for (let i = 1; i < 16; i++) powers.push((powers[i - 1]! * (base % modulus)) % modulus);
  let result = 1n;
  for (const digit of exponent.toString(16)) {
    for (let i = 0; i < 4; i++) result = (result * result) % modulus;
    result = (result * powers[Number.parseInt(digit, 16)]!) % modulus;
  }
  return result;
}
