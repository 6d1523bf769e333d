/** Closing and opening the Encrypted payload of a message (RFC 7296 §3.14). */
import { concat, uintBytes } from '../bytes/bytes.js';
import type { IkeCipher, Sealer, SkKeys } from './crypto/cipher.js';
import { type Head, SEALED_OFFSET, type SealedPart, writeHeader } from './message.js';
import { GENERIC_LENGTH, readChain, writeChain } from './payloads/generic.js';
import { type Payload, readPayloads, writePayload } from './payloads/payload.js';
import { PayloadType } from './registries/payload-types.js';

/** A message with all payloads inside SK. */
export function sealMessage(head: Head, payloads: readonly Payload[], sealer: Sealer): Uint8Array {
  const raw = payloads.map(writePayload);
  const plaintext = writeChain(raw, PayloadType.none);
  const bodyLength = sealer.bodyLength(plaintext.length);
  const first = raw[0]?.type ?? PayloadType.none;
  // Both lengths are authenticated, so they stand before the body is there.
  const aad = concat(
    writeHeader(head, PayloadType.SK, SEALED_OFFSET + bodyLength),
    Uint8Array.of(first, 0),
    uintBytes(GENERIC_LENGTH + bodyLength, 2),
  );
  return concat(aad, sealer.seal(aad, plaintext));
}

export type Opened =
  | { kind: 'open'; payloads: Payload[] }
  /** The integrity value is wrong: not from our peer, or damaged. */
  | { kind: 'forged' }
  /** From our peer, and senseless. */
  | { kind: 'malformed'; error: string };

export function openMessage(sealed: SealedPart, cipher: IkeCipher, keys: SkKeys): Opened {
  const plaintext = cipher.open({ keys, aad: sealed.aad, body: sealed.body });
  if (!plaintext) return { kind: 'forged' };
  const chain = readChain(sealed.first, plaintext);
  if (!chain.ok) return { kind: 'malformed', error: chain.error };
  const payloads = readPayloads(chain.value.payloads);
  if (!payloads.ok) return { kind: 'malformed', error: payloads.error };
  return { kind: 'open', payloads: payloads.value };
}
