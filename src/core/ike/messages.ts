/**
 * The messages of IKEv2 as this daemon knows them, each declared once: exchange, direction, and the
 * payloads that must and may be in it. Notifies and vendor IDs may be in all of them, and unknown
 * payloads that are not critical are passed over (RFC 7296 §2.5).
 */
import type { Payload, PayloadKind } from './payloads/payload.js';
import { findNotify } from './payloads/payload.js';
import { Exchange, type ExchangeName } from './registries/exchanges.js';
import { isErrorNotify, NotifyType } from './registries/notifies.js';

export interface MessageShape {
  readonly exchange: ExchangeName;
  readonly isResponse: boolean;
  readonly need: readonly PayloadKind[];
  readonly may?: readonly PayloadKind[];
  /** A notify without which it is another message. */
  readonly notify?: keyof typeof NotifyType | 'any error';
}

const EVERYTHING: readonly PayloadKind[] = [
  'SA',
  'KE',
  'Nonce',
  'IDi',
  'IDr',
  'AUTH',
  'CERT',
  'CERTREQ',
  'TSi',
  'TSr',
  'CP',
  'EAP',
  'D',
];

// RFC 7296 §1.2
export const initRequest: MessageShape = {
  exchange: 'IKE_SA_INIT',
  isResponse: false,
  need: ['SA', 'KE', 'Nonce'],
};
export const initResponse: MessageShape = {
  exchange: 'IKE_SA_INIT',
  isResponse: true,
  need: ['SA', 'KE', 'Nonce'],
  may: ['CERTREQ'],
};
// §2.6
export const cookieDemand: MessageShape = {
  exchange: 'IKE_SA_INIT',
  isResponse: true,
  need: ['N'],
  notify: 'COOKIE',
};
// §1.2, §2.7
export const otherGroupWanted: MessageShape = {
  exchange: 'IKE_SA_INIT',
  isResponse: true,
  need: ['N'],
  notify: 'INVALID_KE_PAYLOAD',
};
export const initRefusal: MessageShape = {
  exchange: 'IKE_SA_INIT',
  isResponse: true,
  need: ['N'],
  notify: 'any error',
};

// §1.2
export const authRequest: MessageShape = {
  exchange: 'IKE_AUTH',
  isResponse: false,
  need: ['IDi', 'AUTH', 'SA', 'TSi', 'TSr'],
  may: ['IDr', 'CERT', 'CERTREQ', 'CP'],
};
// RFC 6023 §3: neither SA nor traffic selectors
export const childlessRequest: MessageShape = {
  exchange: 'IKE_AUTH',
  isResponse: false,
  need: ['IDi', 'AUTH'],
  may: ['IDr', 'CERT', 'CERTREQ', 'CP'],
};
export const childlessResponse: MessageShape = {
  exchange: 'IKE_AUTH',
  isResponse: true,
  need: ['IDr', 'AUTH'],
  may: ['CERT', 'CP'],
};
/** EAP (§2.16), or nonsense: nothing that we do. */
export const otherAuthRequest: MessageShape = {
  exchange: 'IKE_AUTH',
  isResponse: false,
  need: [],
  may: EVERYTHING,
};
export const authResponse: MessageShape = {
  exchange: 'IKE_AUTH',
  isResponse: true,
  need: ['IDr', 'AUTH', 'SA', 'TSi', 'TSr'],
  may: ['CERT', 'CP'],
};
/** The IKE SA stands, its first Child SA does not (§1.2, last paragraphs). */
export const authWithoutChild: MessageShape = {
  exchange: 'IKE_AUTH',
  isResponse: true,
  need: ['IDr', 'AUTH', 'N'],
  may: ['CERT', 'CP'],
  notify: 'any error',
};
// §2.21.2
export const authRefusal: MessageShape = {
  exchange: 'IKE_AUTH',
  isResponse: true,
  need: ['N'],
  notify: 'any error',
};

export const anyAuthResponse: MessageShape = {
  exchange: 'IKE_AUTH',
  isResponse: true,
  need: [],
  may: EVERYTHING,
};

// §1.3.3
export const rekeyChildRequest: MessageShape = {
  exchange: 'CREATE_CHILD_SA',
  isResponse: false,
  need: ['SA', 'Nonce', 'TSi', 'TSr'],
  may: ['KE'],
  notify: 'REKEY_SA',
};
// §1.3.1
export const childRequest: MessageShape = {
  exchange: 'CREATE_CHILD_SA',
  isResponse: false,
  need: ['SA', 'Nonce', 'TSi', 'TSr'],
  may: ['KE', 'CP'],
};
// §1.3.2
export const rekeyIkeRequest: MessageShape = {
  exchange: 'CREATE_CHILD_SA',
  isResponse: false,
  need: ['SA', 'Nonce', 'KE'],
};
export const rekeyIkeResponse: MessageShape = {
  exchange: 'CREATE_CHILD_SA',
  isResponse: true,
  need: ['SA', 'Nonce', 'KE'],
};
export const childResponse: MessageShape = {
  exchange: 'CREATE_CHILD_SA',
  isResponse: true,
  need: ['SA', 'Nonce', 'TSi', 'TSr'],
  may: ['KE', 'CP'],
};
export const childRefusal: MessageShape = {
  exchange: 'CREATE_CHILD_SA',
  isResponse: true,
  need: ['N'],
  notify: 'any error',
};

// §1.4
export const informationalRequest: MessageShape = {
  exchange: 'INFORMATIONAL',
  isResponse: false,
  need: [],
  may: ['D', 'CP'],
};
export const informationalResponse: MessageShape = {
  exchange: 'INFORMATIONAL',
  isResponse: true,
  need: [],
  may: ['D', 'CP'],
};

/** Payload kinds that any message may have any number of. */
const anywhere: readonly PayloadKind[] = ['N', 'V', 'Unknown'];
/** Kinds of which a message may have several. */
const several: readonly PayloadKind[] = [...anywhere, 'CERT', 'CERTREQ', 'D'];

function hasNotify(payloads: readonly Payload[], wanted: MessageShape['notify']): boolean {
  if (wanted === undefined) return true;
  if (wanted === 'any error')
    return payloads.some((one) => one.kind === 'N' && isErrorNotify(one.type));
  return findNotify(payloads, NotifyType[wanted]) !== undefined;
}

/** What keeps a message from having this shape; `undefined` when it has it. */
export function misfit(shape: MessageShape, payloads: readonly Payload[]): string | undefined {
  const kinds = payloads.map(({ kind }) => kind);
  const missing = shape.need.filter((kind) => !kinds.includes(kind));
  if (missing.length > 0) return `${missing.join(', ')} missing`;
  const allowed = [...shape.need, ...(shape.may ?? []), ...anywhere];
  const extra = kinds.filter((kind) => !allowed.includes(kind));
  if (extra.length > 0) return `${extra.join(', ')} too much`;
  const twice = kinds.find((kind, i) => !several.includes(kind) && kinds.indexOf(kind) !== i);
  if (twice) return `${twice} twice`;
  return hasNotify(payloads, shape.notify) ? undefined : `no notify ${shape.notify}`;
}

export const exchangeOf = (shape: MessageShape): number => Exchange[shape.exchange];
