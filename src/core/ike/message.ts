/**
 * IKE messages: header and payload chain (RFC 7296 §3.1, §3.2). What an SK payload holds stays
 * closed here; `protect.ts` opens it with the keys of an IKE SA.
 */
import { concat } from '../bytes/bytes.js';
import type { Read } from '../bytes/struct.js';
import { GENERIC_LENGTH, readChain, writeChain } from './payloads/generic.js';
import { Flag, HEADER_LENGTH, type Header, header, IKE_VERSION } from './payloads/header.js';
import { type Payload, readPayloads, writePayload } from './payloads/payload.js';
import { PayloadType } from './registries/payload-types.js';

/** The part of a message that is not payloads. */
export interface Head {
  /** 8 bytes. */
  spiInitiator: Uint8Array;
  /** 8 bytes, zero as long as the initiator does not know it. */
  spiResponder: Uint8Array;
  /** IANA "IKEv2 Exchange Types". */
  exchange: number;
  /** Sent by the original initiator of the IKE SA (flag I). */
  isFromInitiator: boolean;
  isResponse: boolean;
  messageId: number;
}

export interface Message {
  head: Head;
  /** As on the wire. */
  bytes: Uint8Array;
  /** Readable payloads; without what is inside SK. */
  payloads: Payload[];
  sealed?: SealedPart;
}

/** Which fragment of how many (RFC 7383 §2.5), from 1. */
export interface FragmentOf {
  number: number;
  total: number;
}

/** An SK or SKF payload that nobody has opened. */
export interface SealedPart {
  /** Type of the first payload inside; 0 in all fragments but the first. */
  first: number;
  /** Everything from the IKE header to the generic header of SK, in SKF to Total Fragments. */
  aad: Uint8Array;
  /** Initialization vector, ciphertext, integrity value. */
  body: Uint8Array;
  /** In SKF only. */
  fragment?: FragmentOf;
}

/** A message of ours has at most about 1,500 bytes; certificates of others make some 4,000. */
export const MAX_MESSAGE_LENGTH = 16_384;

const flagsOf = (head: Head): number =>
  (head.isFromInitiator ? Flag.initiator : 0) | (head.isResponse ? Flag.response : 0);

/** The 28 bytes of a header. `length`: of the whole message. */
export const writeHeader = (head: Head, nextPayload: number, length: number): Uint8Array =>
  header.write({ ...head, nextPayload, version: IKE_VERSION, flags: flagsOf(head), length });

/** A message in clear: IKE_SA_INIT and nothing else. */
export function writeMessage(head: Head, payloads: readonly Payload[]): Uint8Array {
  const raw = payloads.map(writePayload);
  const chain = writeChain(raw, PayloadType.none);
  const first = raw[0]?.type ?? PayloadType.none;
  return concat(writeHeader(head, first, HEADER_LENGTH + chain.length), chain);
}

function checkHeader(head: Header, length: number): string | undefined {
  if (head.version >> 4 !== IKE_VERSION >> 4)
    return `header.version: major version ${head.version >> 4}, 2 is spoken here`;
  if (head.length !== length)
    return `header.length: says ${head.length}, there are ${length} bytes`;
  return undefined;
}

const headOf = (from: Header): Head => ({
  spiInitiator: from.spiInitiator,
  spiResponder: from.spiResponder,
  exchange: from.exchange,
  isFromInitiator: (from.flags & Flag.initiator) !== 0,
  isResponse: (from.flags & Flag.response) !== 0,
  messageId: from.messageId,
});

/** The head of a message whose major version is above ours; its layout has to be the same (§2.5). */
export function headOfLaterVersion(bytes: Uint8Array): Head | undefined {
  const front = header.read(bytes.slice(0, HEADER_LENGTH));
  return front.ok && front.value.version >> 4 > IKE_VERSION >> 4 ? headOf(front.value) : undefined;
}

/** The closed part of a message whose chain ends in SK or SKF; they are always last. */
function sealedPart(
  bytes: Uint8Array,
  payloads: readonly Payload[],
  first: number,
): SealedPart | undefined {
  const last = payloads.at(-1);
  if (last?.kind !== 'SK' && last?.kind !== 'SKF') return undefined;
  const body = last.data;
  const aad = bytes.slice(0, bytes.length - body.length);
  if (last.kind === 'SK') return { first, aad, body };
  return { first, aad, body, fragment: { number: last.number, total: last.total } };
}

/** RFC 7383 §2.6: the first of its tests. */
const isImpossible = ({ number, total }: FragmentOf): boolean => number === 0 || number > total;

/** Reads a datagram. All lengths are checked before anything is read. */
export function readMessage(bytes: Uint8Array): Read<Message> {
  if (bytes.length > MAX_MESSAGE_LENGTH)
    return {
      ok: false,
      error: `message: ${bytes.length} bytes, at most ${MAX_MESSAGE_LENGTH} allowed`,
    };
  const front = header.read(bytes.slice(0, HEADER_LENGTH));
  if (!front.ok) return front;
  const wrong = checkHeader(front.value, bytes.length);
  if (wrong) return { ok: false, error: wrong };
  const chain = readChain(front.value.nextPayload, bytes.slice(HEADER_LENGTH));
  if (!chain.ok) return chain;
  const payloads = readPayloads(chain.value.payloads);
  if (!payloads.ok) return payloads;
  const message: Message = { head: headOf(front.value), bytes, payloads: payloads.value };
  const sealed = sealedPart(bytes, payloads.value, chain.value.next);
  if (sealed?.fragment && isImpossible(sealed.fragment))
    return {
      ok: false,
      error: `SKF: fragment ${sealed.fragment.number} of ${sealed.fragment.total}`,
    };
  if (sealed) message.sealed = sealed;
  return { ok: true, value: message };
}

/** Length of an empty SK payload's generic header behind the IKE header. */
export const SEALED_OFFSET = HEADER_LENGTH + GENERIC_LENGTH;
