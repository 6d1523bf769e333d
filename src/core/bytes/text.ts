/** Text and bytes. QuickJS has no TextEncoder, and strings of strangers need cleaning anyway. */

/** UTF-8 bytes of a string. Lone surrogates become U+FFFD. */
export function utf8(text: string): Uint8Array {
  // a code unit of the string takes three bytes at most
  const out = new Uint8Array(3 * text.length);
  let at = 0;
  for (const char of text) {
    let code = char.codePointAt(0)!;
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x80) out[at++] = code;
    else {
      const size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      out[at++] = ((0xf00 >> size) & 0xff) | (code >> (6 * (size - 1)));
      for (let left = size - 2; left >= 0; left--) out[at++] = 0x80 | ((code >> (6 * left)) & 63);
    }
  }
  return out.slice(0, at);
}

/** One code point of UTF-8 at `at`, or `undefined` where the bytes are no UTF-8. */
function codePointAt(bytes: Uint8Array, at: number): { code: number; size: number } | undefined {
  const first = bytes[at]!;
  if (first < 0x80) return { code: first, size: 1 };
  const size = first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (size === 0 || first >= 0xf8 || at + size > bytes.length) return undefined;
  let code = first & (0x7f >> size);
  for (let i = 1; i < size; i++) {
    const next = bytes[at + i]!;
    if ((next & 0xc0) !== 0x80) return undefined;
    code = (code << 6) | (next & 63);
  }
  const least = size === 2 ? 0x80 : size === 3 ? 0x800 : 0x10000;
  const bad = code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff);
  return bad ? undefined : { code, size };
}

/** Bytes of ASCII that are made text at once: engines limit the number of arguments. */
const longestRun = 4096;

/** End of the ASCII that begins at `start`. */
function asciiEnd(bytes: Uint8Array, start: number): number {
  const limit = Math.min(bytes.length, start + longestRun);
  let end = start;
  while (end < limit && bytes[end]! < 0x80) end++;
  return end;
}

/** By `apply`: three times as fast as `...` under qjs, which goes through the bytes one by one. */
const fromAscii = (bytes: Uint8Array): string =>
  String.fromCharCode.apply(null, bytes as unknown as number[]);

/** Text of UTF-8 bytes; each byte that is none becomes U+FFFD. */
export function fromUtf8(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const end = asciiEnd(bytes, at);
    if (end > at) {
      text += fromAscii(bytes.subarray(at, end));
      at = end;
      continue;
    }
    const point = codePointAt(bytes, at);
    text += point ? String.fromCodePoint(point.code) : '\ufffd';
    at += point?.size ?? 1;
  }
  return text;
}

/**
 * A stranger's text for a log line or a status page: control characters, line ends, direction marks
 * and quotes are shown as escapes, and it is cut at `limit` characters.
 */
export function printable(text: string, limit = 120): string {
  const shown = text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is escaped
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069'"\\<>&]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return shown.length > limit ? `${shown.slice(0, limit)}…` : shown;
}
