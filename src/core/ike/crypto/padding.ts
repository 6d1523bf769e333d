/** Padding of the Encrypted payload: any octets, then their number in one octet (RFC 7296 §3.14). */

/** Length of plaintext with padding and Pad Length, a multiple of `blockLength`. */
export const paddedLength = (length: number, blockLength: number): number =>
  Math.ceil((length + 1) / blockLength) * blockLength;

/** The shortest padding that fills the last block, of zeros. */
export function pad(plaintext: Uint8Array, blockLength: number): Uint8Array {
  const padded = new Uint8Array(paddedLength(plaintext.length, blockLength));
  padded.set(plaintext);
  padded[padded.length - 1] = padded.length - plaintext.length - 1;
  return padded;
}

/** The payloads without padding; `undefined` when the padding claims more than is there. */
export function unpad(padded: Uint8Array): Uint8Array | undefined {
  const padLength = padded[padded.length - 1];
  if (padLength === undefined || padLength >= padded.length) return undefined;
  return padded.slice(0, padded.length - 1 - padLength);
}
