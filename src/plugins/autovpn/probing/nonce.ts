/**
 * Sealed nonces (AV-A20): the maker keeps nothing, and finds in a nonce that comes back which pair of
 * hosts it was made for, and when. Whoever has not the key can neither make nor read one.
 *
 *     key-ID (4) ‖ salt (8) ‖ state XOR mask (16) ‖ tag (32)
 *     mask = HMAC-SHA256(K, "mask" ‖ key-ID ‖ salt), first 16 octets
 *     tag  = HMAC-SHA256(K, role ‖ the first 28 octets ‖ address of G2 ‖ bound)
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, equalConstantTime } from '../../../core/bytes/bytes.js';
import { bytes, reserved, struct, u8, u16 } from '../../../core/bytes/struct.js';
import { utf8 } from '../../../core/bytes/text.js';
import { addressBytes, addressFromBytes, type IpAddress } from '../../../core/net/address.js';

/** Times are counted in 8 seconds, modulo 65536: a nonce lives much shorter. */
const timeUnitSeconds = 8;
const timeModulus = 0x10000;

const state = struct('state', {
  protocol: u8,
  zero: reserved(1),
  port1: u16,
  address1: bytes(4),
  address2: bytes(4),
  port2: u16,
  time: u16,
});

const sealed = struct('sealed nonce', {
  keyId: bytes(4),
  salt: bytes(8),
  masked: bytes(16),
  tag: bytes(32),
});
const tagLength = 32;
export const saltLength = 8;

export interface NonceKey {
  /** 4 octets; names the key in nonces. */
  id: Uint8Array;
  key: Uint8Array;
}

/** The clear flow that a nonce is about: H1 began it, H2 is its target. As seen on the maker's outside. */
export interface ProbedFlow {
  protocol: number;
  h1: IpAddress;
  port1: number;
  h2: IpAddress;
  port2: number;
}

/** `bound`: what a Nonce-I holds fast to, its Nonce-R; empty for a Nonce-R. */
export interface NonceBinding {
  role: 'R' | 'I';
  /** Source of the Probe Request. */
  g2: IpAddress;
  bound: Uint8Array;
}

const mac = (key: NonceKey, ...parts: readonly Uint8Array[]): Uint8Array =>
  hmac(sha256, key.key, concat(...parts));

function maskWith(key: NonceKey, salt: Uint8Array, value: Uint8Array): Uint8Array {
  const mask = mac(key, utf8('mask'), key.id, salt);
  return value.map((octet, at) => octet ^ mask[at]!);
}

function tagOf(key: NonceKey, head: Uint8Array, { role, g2, bound }: NonceBinding): Uint8Array {
  return mac(key, utf8(role), head, addressBytes(g2), bound);
}

const counterAt = (seconds: number): number => Math.floor(seconds / timeUnitSeconds) % timeModulus;

export function sealNonce(
  key: NonceKey,
  salt: Uint8Array,
  flow: ProbedFlow,
  nowSeconds: number,
  binding: NonceBinding,
): Uint8Array {
  const { protocol, port1, port2 } = flow;
  const inside = state.write({
    ...{ protocol, port1, port2 },
    address1: addressBytes(flow.h1),
    address2: addressBytes(flow.h2),
    time: counterAt(nowSeconds),
  });
  const head = concat(key.id, salt, maskWith(key, salt, inside));
  return concat(head, tagOf(key, head, binding));
}

/** The key-ID, where `nonce` has the size of one of ours. */
export const keyIdOf = (nonce: Uint8Array): Uint8Array | undefined => {
  const read = sealed.read(nonce);
  return read.ok ? read.value.keyId : undefined;
};

/** The flow of a nonce made with this key and binding, and its age to 8 seconds; else nothing. */
export function openNonce(
  key: NonceKey,
  nonce: Uint8Array,
  nowSeconds: number,
  binding: NonceBinding,
): { flow: ProbedFlow; ageSeconds: number } | undefined {
  const read = sealed.read(nonce);
  if (!read.ok) return undefined;
  const head = nonce.subarray(0, nonce.length - tagLength);
  if (!equalConstantTime(tagOf(key, head, binding), read.value.tag)) return undefined;
  const inside = state.read(maskWith(key, read.value.salt, read.value.masked));
  if (!inside.ok) return undefined;
  const { protocol, port1, address1, address2, port2, time } = inside.value;
  const h1 = addressFromBytes(address1);
  const h2 = addressFromBytes(address2);
  const units = (counterAt(nowSeconds) - time + timeModulus) % timeModulus;
  return { flow: { protocol, h1, port1, h2, port2 }, ageSeconds: units * timeUnitSeconds };
}

/** The document's own construction (§5.5): nobody but its maker can check it, and only with the packet. */
export const recipeNonce = (key: NonceKey, gateway: IpAddress, fragment: Uint8Array): Uint8Array =>
  concat(key.id, mac(key, addressBytes(gateway), fragment));
