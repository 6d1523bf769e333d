/** Fingerprints as people write, read out and compare them (AV-A35). */

/** Hexadecimal digits that a person must give at least: 8 octets. */
const shortest = 16;

/** `ab12cd…` in groups: `AB12 CD34 …`. */
export const grouped = (fingerprint: string): string =>
  (fingerprint.toUpperCase().match(/.{1,4}/g) ?? []).join(' ');

/** What was typed is the fingerprint, or its last 8 octets; blanks, colons and case do not count. */
export function isFingerprintOf(typed: string, fingerprint: string): boolean {
  const digits = typed.replace(/[\s:.-]/g, '').toLowerCase();
  if (!/^[0-9a-f]+$/.test(digits)) return false;
  return digits === fingerprint || (digits.length === shortest && fingerprint.endsWith(digits));
}
