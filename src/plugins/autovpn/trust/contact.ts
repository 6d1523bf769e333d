/**
 * Contact Details (§8.1.2): a text by which the other side's administrator may find out who we are. It
 * comes from a stranger and is shown to a person, so it is cleaned before it is kept (AV-A42).
 */
import { fromUtf8, utf8 } from '../../../core/bytes/text.js';

/** Octets sent and stored at most, unless configured otherwise. */
export const contactOctets = 1024;

/**
 * C0 and C1 controls except line feed; what changes the direction of text, and what can not be seen.
 * They are removed, not shown as escapes: this is running text.
 */
const unwanted =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Bytes that begin no character of UTF-8. */
const isContinuation = (byte: number | undefined): boolean =>
  byte !== undefined && (byte & 0xc0) === 0x80;

/** At most `most` octets, cut where a character ends. */
function cut(bytes: Uint8Array, most: number): Uint8Array {
  if (bytes.length <= most) return bytes;
  let end = most;
  while (end > 0 && isContinuation(bytes[end])) end--;
  return bytes.subarray(0, end);
}

/** Text for people out of a payload; what is no UTF-8 becomes U+FFFD. */
export function cleanContact(body: Uint8Array, most = contactOctets): string {
  const text = fromUtf8(cut(body, most)).replace(unwanted, '');
  // U+FFFD is longer than the byte that it stands for
  return fromUtf8(cut(utf8(text), most));
}

/** The payload of a text of ours. */
export const contactBody = (text: string, most = contactOctets): Uint8Array =>
  cut(utf8(text), most).slice();
