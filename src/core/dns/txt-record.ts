/** TXT record data (RFC 1035 §3.3.14): one or more strings of up to 255 bytes. */
import { concat } from '../bytes/bytes.js';
import type { Read } from '../bytes/struct.js';
import { parsed, refused } from './read.js';

/** Longest `<character-string>` (RFC 1035 §3.3): its length has one byte. */
export const MAX_STRING_BYTES = 255;

/** The strings of one record. */
export function readTxt(data: Uint8Array): Read<Uint8Array[]> {
  const strings: Uint8Array[] = [];
  for (let at = 0; at < data.length; ) {
    const length = data[at]!;
    const left = data.length - at - 1;
    if (length > left)
      return refused(`TXT.string[${strings.length}]: needs ${length} bytes, ${left} left`);
    strings.push(data.slice(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return strings.length > 0 ? parsed(strings) : refused('TXT: needs 1 string, has 0');
}

/** The strings as the one string they were before they were cut (OE-76): nothing in between. */
export const joinStrings = (strings: readonly Uint8Array[]): Uint8Array => concat(...strings);

/** Cuts bytes into strings of 255; no bytes give one empty string. */
export function cutStrings(bytes: Uint8Array): Uint8Array[] {
  const count = Math.max(1, Math.ceil(bytes.length / MAX_STRING_BYTES));
  return Array.from({ length: count }, (_, i) =>
    bytes.slice(i * MAX_STRING_BYTES, (i + 1) * MAX_STRING_BYTES),
  );
}

/** Record data of strings, each of up to 255 bytes. */
export function writeTxt(strings: readonly Uint8Array[]): Uint8Array {
  for (const string of strings)
    if (string.length > MAX_STRING_BYTES)
      throw new Error(`a TXT string has ${string.length} bytes, ${MAX_STRING_BYTES} allowed`);
  return concat(...strings.flatMap((string) => [Uint8Array.of(string.length), string]));
}
