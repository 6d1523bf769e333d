/**
 * Blinding of RSA's private operation (Kocher, "Timing Attacks", CRYPTO '96, §10): the message is
 * multiplied with r^e before it and with r^-1 after it, so that its timing tells nothing about the
 * message. An inverse costs a third of a signature, so the next pair is the square of the last one, as
 * OpenSSL does it too, and a fresh one is drawn after some of them.
 */
import '../bytes/engine-fixes.js';
import { invert, pow } from '@noble/curves/abstract/modular.js';
import { bitLength, bytesToInteger } from './big-integer.js';
import type { RsaPrivateKey } from './private-key.js';

export interface BlindingPair {
  /** r^e mod n */
  readonly blind: bigint;
  /** r^-1 mod n */
  readonly unblind: bigint;
}

/** Uses of what one random number gives (OpenSSL has the same). */
const USES = 32;

const pairs = new WeakMap<RsaPrivateKey, BlindingPair & { usesLeft: number }>();

/** A pair for one private operation with this key; no two of them get the same one. */
export function nextBlinding(
  key: RsaPrivateKey,
  random: (length: number) => Uint8Array,
): BlindingPair {
  const last = pairs.get(key);
  const pair = last && last.usesLeft > 0 ? squareOf(last, key.modulus) : draw(key, random);
  pairs.set(key, pair);
  return pair;
}

function draw(key: RsaPrivateKey, random: (length: number) => Uint8Array) {
  const { modulus, exponent } = key;
  const factor = bytesToInteger(random(Math.ceil(bitLength(modulus) / 8))) % modulus;
  return {
    blind: pow(factor, exponent, modulus),
    unblind: invert(factor, modulus),
    usesLeft: USES - 1,
  };
}

const squareOf = (
  { blind, unblind, usesLeft }: BlindingPair & { usesLeft: number },
  n: bigint,
) => ({
  blind: (blind * blind) % n,
  unblind: (unblind * unblind) % n,
  usesLeft: usesLeft - 1,
});
