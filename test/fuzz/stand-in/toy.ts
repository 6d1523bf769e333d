/**
 * Stand-ins for cryptography: what they have of the real one is that both ends come to the same secret,
 * and that a changed message or another key does not verify. They keep nothing secret and take
 * microseconds, so that the time of a fuzzer goes into what is done with the messages.
 */
import { hashOf } from '../dice.js';

/** The greatest prime below 2^25: products of two numbers below it are exact. */
const PRIME = 33_554_393;
const BASE = 5;

function power(base: number, exponent: number): number {
  let result = 1;
  let square = base % PRIME;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = (result * square) % PRIME;
    square = (square * square) % PRIME;
  }
  return result;
}

/** `length` bytes out of 32 bits. */
export function toyBytes(seed: number, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    // numbers of Knuth's generator, cut to 32 bits
    state = Math.imul(state, 1_664_525) + 1_013_904_223;
    out[at] = state >>> 24;
  }
  return out;
}

/** 32 bits as 4 bytes again and again. */
function spread(value: number, length: number): Uint8Array {
  const out = new Uint8Array(length);
  const view = new DataView(out.buffer);
  for (let at = 0; at + 4 <= length; at += 4) view.setUint32(at, value);
  return out;
}

/** What was spread, or a number that all bytes have a say in. */
function gather(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const first = view.getUint32(0);
  let value = first % PRIME;
  for (let at = 4; at + 4 <= bytes.length; at += 4)
    if (view.getUint32(at) !== first) value = (value * 31 + view.getUint32(at)) % PRIME;
  return value;
}

/** `length` bytes, a multiple of 4. */
export const toyPublic = (secret: Uint8Array, length: number): Uint8Array =>
  spread(power(BASE, hashOf(secret)), length);

/** Throws for what stands in for a point that must be refused: one that gives no secret. */
export function toyShared(secret: Uint8Array, peer: Uint8Array): Uint8Array {
  const value = gather(peer);
  if (value === 0) throw new Error('no point of the group');
  return spread(power(value, hashOf(secret)), peer.length);
}

/** Anybody can make it who has the public key. */
export const toySignature = (point: Uint8Array, message: Uint8Array, length: number): Uint8Array =>
  toyBytes(hashOf(point) ^ Math.imul(hashOf(message), 0x9e3779b1), length);
