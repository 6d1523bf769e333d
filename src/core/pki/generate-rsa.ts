/**
 * RSA keys by FIPS 186-5 §A.1.3: random probable primes. A slow router needs minutes for it, so the
 * work is cut into steps of one modular power each, and the candidates are sieved first.
 */
import '../bytes/engine-fixes.js';
import { invert } from '@noble/curves/abstract/modular.js';
import { millerRabin } from 'micro-rsa-dsa-dh/primality.js';
import { bytesToInteger, modPow } from './big-integer.js';
import type { RsaPrivateKey } from './private-key.js';

export interface KeyGenerationContext {
  random(length: number): Uint8Array;
  /** Resolves when the event loop has had its turn. */
  pause(): Promise<void>;
}

const EXPONENT = 65537n;

/** Rounds for an error below 2^-112 with 1024 bits (FIPS 186-5 Table B.1). */
const MILLER_RABIN_ROUNDS = 5;

/** Odd numbers looked at from one random start: a prime of 1024 bits is in it 19 times of 20. */
const WINDOW = 1024;

/** The sieve's primes: below 2000 they sort out six of seven odd candidates. */
export function oddPrimesBelow(limit: number): number[] {
  const primes: number[] = [];
  for (let n = 3; n < limit; n += 2) if (primes.every((p) => n % p !== 0)) primes.push(n);
  return primes;
}

/** Steps i below `window` for which start + 2i has none of the odd `primes` as divisor. */
export function sieve(start: bigint, window: number, primes: readonly number[]): number[] {
  const composite = new Uint8Array(window);
  for (const prime of primes) {
    const rest = Number(start % BigInt(prime));
    // start + 2i = 0 mod prime; 2^-1 mod prime is (prime + 1) / 2
    const first = (((prime - rest) % prime) * ((prime + 1) / 2)) % prime;
    for (let i = first; i < window; i += prime) composite[i] = 1;
  }
  return Array.from(composite.keys()).filter((i) => composite[i] === 0);
}

/** Primes of `bits` bits whose two highest bits are set, so that the modulus has twice as many. */
async function generatePrime(bits: number, context: KeyGenerationContext): Promise<bigint> {
  const top = 3n << BigInt(bits - 2);
  const smallPrimes = oddPrimesBelow(2000);
  for (;;) {
    const start = bytesToInteger(context.random(bits / 8)) | top | 1n;
    for (const step of sieve(start, WINDOW, smallPrimes)) {
      const candidate = start + 2n * BigInt(step);
      if (candidate % EXPONENT === 1n || candidate >> BigInt(bits) !== 0n) continue;
      await context.pause();
      if (await isPrime(candidate, context)) return candidate;
    }
  }
}

/** One power of 2 ends nearly all composites; the rounds with random bases are for what is left. */
export async function isPrime(candidate: bigint, context: KeyGenerationContext): Promise<boolean> {
  if (modPow(2n, candidate - 1n, candidate) !== 1n) return false;
  for (let round = 0; round < MILLER_RABIN_ROUNDS; round++) {
    await context.pause();
    if (!millerRabin(candidate, 1, (length) => context.random(length))) return false;
  }
  return true;
}

/** A new key with a modulus of `bits` bits, a multiple of 16. */
export async function generateRsa(
  bits: number,
  context: KeyGenerationContext,
): Promise<RsaPrivateKey> {
  const p = await generatePrime(bits / 2, context);
  let q = await generatePrime(bits / 2, context);
  // FIPS 186-5 §A.1.3 step 5.4; also the case of a random source that repeats itself
  const least = 1n << BigInt(bits / 2 - 100);
  while (p - q < least && q - p < least) q = await generatePrime(bits / 2, context);
  return rsaFromPrimes(p, q);
}

/** All values of a key with the exponent 65537. */
export function rsaFromPrimes(p: bigint, q: bigint): RsaPrivateKey {
  const privateExponent = invert(EXPONENT, (p - 1n) * (q - 1n));
  return {
    type: 'rsa',
    modulus: p * q,
    exponent: EXPONENT,
    privateExponent,
    prime1: p,
    prime2: q,
    exponent1: privateExponent % (p - 1n),
    exponent2: privateExponent % (q - 1n),
    coefficient: invert(q, p),
  };
}
