/**
 * Domain names: text and wire (RFC 1035 §3.1, §4.1.4). In text a byte that can not stand for itself
 * is written `\DDD`; such a name can be shown and compared, but we ask no question about it.
 */
import type { Read } from '../bytes/struct.js';
import { parsed, refused } from './read.js';

/** RFC 1035 §2.3.4 */
const MAX_WIRE_BYTES = 255;
const MAX_LABEL_BYTES = 63;
/** Our bound: a sensible name jumps at most once per label, and it has at most 127. */
const MAX_POINTERS = 127;

/** Printable ASCII without the characters that mean something in a zone file (`$`, `@`, `;` …). */
const PLAIN_LABEL = /^[!#%&'*+,\-/-:<-?A-[\]-~]+$/;

/** The form under which names are compared: lower case (RFC 4343), no final dot; the root is ''. */
export const canonicalName = (name: string): string =>
  name.replace(/\.$/, '').replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Turns letters into capitals where the byte at their place is odd. */
export const mixCase = (name: string, random: Uint8Array): string =>
  Array.from(name, (char, i) => (random[i]! & 1 ? char.toUpperCase() : char)).join('');

/** Checks a name that may be asked for or published, and gives its canonical form. */
export function parseName(text: string): Read<string> {
  const name = canonicalName(text);
  if (name.length + 2 > MAX_WIRE_BYTES)
    return refused(`name: has ${name.length + 2} bytes, ${MAX_WIRE_BYTES} allowed`);
  for (const label of name === '' ? [] : name.split('.')) {
    if (label.length === 0) return refused('name: has an empty label');
    if (label.length > MAX_LABEL_BYTES)
      return refused(`name: has a label of ${label.length} bytes, ${MAX_LABEL_BYTES} allowed`);
    if (!PLAIN_LABEL.test(label)) return refused('name: has a label with a special character');
  }
  return parsed(name);
}

/** Uncompressed wire form of a name that `parseName` accepts, letters as given. Throws on another. */
export function writeName(text: string): Uint8Array {
  const checked = parseName(text);
  if (!checked.ok) throw new Error(checked.error);
  const labels = text.replace(/\.$/, '').split('.');
  const bytes = labels.flatMap((label) => [
    label.length,
    ...Array.from(label, (char) => char.charCodeAt(0)),
  ]);
  return Uint8Array.from(checked.value === '' ? [0] : [...bytes, 0]);
}

function labelText(label: Uint8Array): string {
  return Array.from(label, (byte) => {
    const char = String.fromCharCode(byte);
    return PLAIN_LABEL.test(char) ? char : `\\${String(byte).padStart(3, '0')}`;
  }).join('');
}

/**
 * Reads the name at `at` in a message: its text with letters as they are, and where the next field
 * starts. Pointers lead strictly backwards; where `mayPoint` is false they are refused.
 */
export function readName(
  message: Uint8Array,
  at: number,
  mayPoint: boolean,
): Read<{ value: string; end: number }> {
  const labels: string[] = [];
  let size = 1;
  let pointers = 0;
  let end: number | undefined;
  let limit = at;
  for (let here = at; ; ) {
    const length = message[here];
    if (length === undefined) return refused('name: needs 1 byte, 0 left');
    if (length === 0) return parsed({ value: labels.join('.'), end: end ?? here + 1 });
    if (length >= 0xc0) {
      const low = message[here + 1];
      if (!mayPoint) return refused('name: is compressed and must not be');
      if (low === undefined) return refused('name: needs 2 bytes for a pointer, 1 left');
      const target = ((length & 0x3f) << 8) | low;
      pointers++;
      if (target >= limit || pointers > MAX_POINTERS)
        return refused(`name: pointer ${pointers} at ${here} leads to ${target}`);
      end ??= here + 2;
      here = target;
      limit = target;
    } else if (length > MAX_LABEL_BYTES) {
      return refused(`name: label type ${length >> 6} at ${here} is unknown`);
    } else {
      const left = message.length - here - 1;
      if (length > left) return refused(`name: label needs ${length} bytes, ${left} left`);
      size += length + 1;
      if (size > MAX_WIRE_BYTES) return refused(`name: longer than ${MAX_WIRE_BYTES} bytes`);
      labels.push(labelText(message.subarray(here + 1, here + 1 + length)));
      here += length + 1;
    }
  }
}
