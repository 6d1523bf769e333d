/** Transform attributes, RFC 7296 §3.3.5: two bytes of value, or a length and so many bytes. */
import { concat, uintBytes } from '../../bytes/bytes.js';
import type { Read } from '../../bytes/struct.js';

export interface Attribute {
  /** IANA "IKEv2 Transform Attribute Types", 15 bits. */
  type: number;
  /** A number for the short form (AF bit 1), bytes for the long one. */
  value: number | Uint8Array;
}

const SHORT_FORM = 0x8000;

/** Key Length is the only one there is. */
const MAX_ATTRIBUTES = 4;

function writeOne({ type, value }: Attribute): Uint8Array {
  if (typeof value === 'number')
    return concat(uintBytes(SHORT_FORM | type, 2), uintBytes(value, 2));
  return concat(uintBytes(type, 2), uintBytes(value.length, 2), value);
}

export const writeAttributes = (attributes: readonly Attribute[]): Uint8Array =>
  concat(...attributes.map(writeOne));

export function readAttributes(bytes: Uint8Array): Read<Attribute[]> {
  const attributes: Attribute[] = [];
  for (let at = 0; at < bytes.length; ) {
    const left = bytes.length - at;
    if (attributes.length === MAX_ATTRIBUTES)
      return { ok: false, error: `attributes: more than ${MAX_ATTRIBUTES}` };
    if (left < 4) return { ok: false, error: `attribute: needs 4 bytes, ${left} left` };
    const head = bytes[at]! * 256 + bytes[at + 1]!;
    const second = bytes[at + 2]! * 256 + bytes[at + 3]!;
    at += 4;
    if ((head & SHORT_FORM) !== 0) {
      attributes.push({ type: head & ~SHORT_FORM, value: second });
      continue;
    }
    if (second > left - 4)
      return { ok: false, error: `attribute.value: needs ${second} bytes, ${left - 4} left` };
    attributes.push({ type: head, value: bytes.slice(at, at + second) });
    at += second;
  }
  return { ok: true, value: attributes };
}
