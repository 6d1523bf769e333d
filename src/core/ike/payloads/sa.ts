/** Security Association payload with its proposals and transforms, RFC 7296 §3.3. */
import {
  bytes,
  countOf,
  type Field,
  lengthOf,
  list,
  ownLength,
  reserved,
  rest,
  struct,
  u8,
  u16,
  type ValueOf,
} from '../../bytes/struct.js';
import { type Attribute, readAttributes, writeAttributes } from './attribute.js';

/** Libreswan's longest offers have about 30 of each; more is no offer but an attack on our time. */
const MAX_PROPOSALS = 32;
const MAX_TRANSFORMS = 64;

const MORE_PROPOSALS = 2;
const MORE_TRANSFORMS = 3;

/** The rest of a transform; bytes that are no attributes spoil the transform, not the message. */
const attributes: Field<readonly Attribute[] | Uint8Array> = {
  read(input, name) {
    const raw = rest.read(input, name);
    const result = readAttributes(raw);
    return result.ok ? result.value : raw;
  },
  write: (value) => (value instanceof Uint8Array ? value : writeAttributes(value)),
};

// RFC 7296 §3.3.2
export const transform = struct('transform', {
  lastSubstruc: reserved(1),
  reserved: reserved(1),
  length: ownLength(u16),
  type: u8,
  reserved2: reserved(1),
  id: u16,
  attributes,
});
export type Transform = ValueOf<typeof transform>;

// RFC 7296 §3.3.1. `spi` is empty in IKE_SA_INIT, 4 bytes for ESP.
export const proposal = struct('proposal', {
  lastSubstruc: reserved(1),
  reserved: reserved(1),
  length: ownLength(u16),
  number: u8,
  protocol: u8,
  spiSize: lengthOf('spi', u8),
  transformCount: countOf('transforms', u8),
  spi: bytes('spiSize'),
  transforms: list(transform, {
    limit: MAX_TRANSFORMS,
    count: 'transformCount',
    moreMark: MORE_TRANSFORMS,
  }),
});
export type Proposal = ValueOf<typeof proposal>;

export const sa = struct('SA', {
  proposals: list(proposal, { limit: MAX_PROPOSALS, moreMark: MORE_PROPOSALS }),
});
