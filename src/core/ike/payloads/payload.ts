/**
 * All payloads as one union, told apart by `kind` (the name of the payload in RFC 7296 §3.2), and
 * the table that leads from a type number to its codec. A payload that is not in the table is
 * `Unknown` and survives a round trip.
 */
import type { Read, Struct, ValueOf } from '../../bytes/struct.js';
import { PayloadType } from '../registries/payload-types.js';
import { auth } from './auth.js';
import { del } from './delete.js';
import type { RawPayload } from './generic.js';
import { id } from './id.js';
import { ke } from './ke.js';
import { nonce } from './nonce.js';
import { notify } from './notify.js';
import {
  cert,
  certRequest,
  configuration,
  eap,
  encrypted,
  encryptedFragment,
  vendorId,
} from './opaque.js';
import { sa } from './sa.js';
import { ts } from './traffic-selector.js';

const codecs = {
  SA: sa,
  KE: ke,
  IDi: id,
  IDr: id,
  CERT: cert,
  CERTREQ: certRequest,
  AUTH: auth,
  Nonce: nonce,
  N: notify,
  D: del,
  V: vendorId,
  TSi: ts,
  TSr: ts,
  SK: encrypted,
  SKF: encryptedFragment,
  CP: configuration,
  EAP: eap,
} as const;

export type KnownKind = keyof typeof codecs;

/** A payload type that this daemon does not know, of a later RFC or a private one. */
export interface UnknownPayload {
  kind: 'Unknown';
  type: number;
  isCritical: boolean;
  body: Uint8Array;
}

type Known<K extends KnownKind> = { kind: K } & ValueOf<(typeof codecs)[K]>;

export type Payload = { [K in KnownKind]: Known<K> }[KnownKind] | UnknownPayload;
export type PayloadKind = Payload['kind'];
export type PayloadOf<K extends PayloadKind> = Extract<Payload, { kind: K }>;

const kindByType = new Map<number, KnownKind>(
  Object.keys(codecs).map((kind) => [PayloadType[kind as KnownKind], kind as KnownKind]),
);

/** Reads the body of one payload. An unknown type is no error here; see `unknownCritical`. */
export function readPayload({ type, isCritical, body }: RawPayload): Read<Payload> {
  const kind = kindByType.get(type);
  if (!kind) return { ok: true, value: { kind: 'Unknown', type, isCritical, body } };
  const result = (codecs[kind] as Struct<object>).read(body);
  return result.ok ? { ok: true, value: { kind, ...result.value } as Payload } : result;
}

/** Reads all, or says what is wrong with the first bad one. */
export function readPayloads(raw: readonly RawPayload[]): Read<Payload[]> {
  const payloads: Payload[] = [];
  for (const one of raw) {
    const result = readPayload(one);
    if (!result.ok) return result;
    payloads.push(result.value);
  }
  return { ok: true, value: payloads };
}

/** RFC 7296 §2.5: the critical bit is zero in every payload that the RFC defines. */
export function writePayload(payload: Payload): RawPayload {
  if (payload.kind === 'Unknown') {
    const { type, isCritical, body } = payload;
    return { type, isCritical, body };
  }
  const codec = codecs[payload.kind] as unknown as Struct<Payload>;
  return { type: PayloadType[payload.kind], isCritical: false, body: codec.write(payload) };
}

/** Type of the first payload that must be understood and is not (RFC 7296 §2.5). */
export const unknownCritical = (
  payloads: readonly Payload[],
  isKnown: (type: number) => boolean = () => false,
): number | undefined =>
  payloads.find(
    (one): one is UnknownPayload => one.kind === 'Unknown' && one.isCritical && !isKnown(one.type),
  )?.type;

/** First payload of a kind. */
export const find = <K extends PayloadKind>(
  payloads: readonly Payload[],
  kind: K,
): PayloadOf<K> | undefined => payloads.find((one): one is PayloadOf<K> => one.kind === kind);

/** All payloads of a kind, in order. */
export const findAll = <K extends PayloadKind>(
  payloads: readonly Payload[],
  kind: K,
): PayloadOf<K>[] => payloads.filter((one): one is PayloadOf<K> => one.kind === kind);

/** First notify of a type. */
export const findNotify = (
  payloads: readonly Payload[],
  type: number,
): PayloadOf<'N'> | undefined => findAll(payloads, 'N').find((one) => one.type === type);

const NOTHING = new Uint8Array(0);

/** A notify that is about no SA in particular. */
export const notifyPayload = (type: number, data: Uint8Array = NOTHING): PayloadOf<'N'> => ({
  kind: 'N',
  protocol: 0,
  type,
  spi: NOTHING,
  data,
});
