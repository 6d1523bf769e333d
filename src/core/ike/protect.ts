/** Closing and opening the Encrypted payload of a message (RFC 7296 §3.14). */
import { concat, uintBytes } from '../bytes/bytes.js';
import type { IkeCipher, Sealer, SkKeys } from './crypto/cipher.js';
import { type Head, SEALED_OFFSET, type SealedPart, writeHeader } from './message.js';
import { GENERIC_LENGTH, readChain, writeChain } from './payloads/generic.js';
import { type Payload, readPayloads, writePayload } from './payloads/payload.js';
import { PayloadType } from './registries/payload-types.js';

/** A message with all payloads inside SK. */
export function sealMessage(head: Head, payloads: readonly Payload[], sealer: Sealer): Uint8Array {
  const { first, plaintext } = innerOf(payloads);
  return sealPart(head, { type: PayloadType.SK, first, more: NOTHING, plaintext }, sealer);
}

/** The same message in fragments of at most `maxLength` bytes each (RFC 7383 §2.5). */
export function sealFragments(
  head: Head,
  payloads: readonly Payload[],
  sealer: Sealer,
  maxLength: number,
): Uint8Array[] {
  const { first, plaintext } = innerOf(payloads);
  const size = chunkLength(sealer, maxLength);
  const total = Math.ceil(plaintext.length / size);
  return Array.from({ length: total }, (_, i) =>
    sealPart(
      head,
      {
        type: PayloadType.SKF,
        first: i === 0 ? first : PayloadType.none,
        more: concat(uintBytes(i + 1, 2), uintBytes(total, 2)),
        plaintext: plaintext.slice(i * size, (i + 1) * size),
      },
      sealer,
    ),
  );
}

/** Bytes of a message in one piece. */
export const sealedLength = (payloads: readonly Payload[], sealer: Sealer): number =>
  SEALED_OFFSET + sealer.bodyLength(innerOf(payloads).plaintext.length);

const NOTHING = new Uint8Array(0);
/** Fragment Number and Total Fragments. */
const FRAGMENT_LENGTH = 4;
/** A cut finer than this is a wrong setting. */
const LEAST_CHUNK = 64;

function innerOf(payloads: readonly Payload[]): { first: number; plaintext: Uint8Array } {
  const raw = payloads.map(writePayload);
  const first = raw[0]?.type ?? PayloadType.none;
  return { first, plaintext: writeChain(raw, PayloadType.none) };
}

/** How much of the inner payloads a fragment takes; padding makes the length a staircase. */
function chunkLength(sealer: Sealer, maxLength: number): number {
  const room = maxLength - SEALED_OFFSET - FRAGMENT_LENGTH;
  let length = room - sealer.bodyLength(0);
  while (sealer.bodyLength(length + 1) <= room) length++;
  return Math.max(length, LEAST_CHUNK);
}

/** `more`: what stands between the generic header and the initialization vector. */
function sealPart(
  head: Head,
  part: { type: number; first: number; more: Uint8Array; plaintext: Uint8Array },
  sealer: Sealer,
): Uint8Array {
  const length = part.more.length + sealer.bodyLength(part.plaintext.length);
  // Both lengths are authenticated, so they stand before the body is there.
  const aad = concat(
    writeHeader(head, part.type, SEALED_OFFSET + length),
    Uint8Array.of(part.first, 0),
    uintBytes(GENERIC_LENGTH + length, 2),
    part.more,
  );
  return concat(aad, sealer.seal(aad, part.plaintext));
}

export type Opened =
  | { kind: 'open'; payloads: Payload[] }
  /** The integrity value is wrong: not from our peer, or damaged. */
  | { kind: 'forged' }
  /** From our peer, and senseless. */
  | { kind: 'malformed'; error: string };

export function openMessage(sealed: SealedPart, cipher: IkeCipher, keys: SkKeys): Opened {
  const plaintext = cipher.open({ keys, aad: sealed.aad, body: sealed.body });
  return plaintext ? readInner(sealed.first, plaintext) : { kind: 'forged' };
}

/** The payloads of an authentic message, from what was inside SK or all of its SKF. */
export function readInner(
  first: number,
  plaintext: Uint8Array,
): Exclude<Opened, { kind: 'forged' }> {
  const chain = readChain(first, plaintext);
  if (!chain.ok) return { kind: 'malformed', error: chain.error };
  const payloads = readPayloads(chain.value.payloads);
  if (!payloads.ok) return { kind: 'malformed', error: payloads.error };
  return { kind: 'open', payloads: payloads.value };
}
