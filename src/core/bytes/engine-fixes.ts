/**
 * Mends an error of the engine before anything can meet it. Import this first, for its effect alone,
 * in every module that imports @noble/curves or writes a BigInt in base 2 or 16.
 *
 * QuickJS 2025-04-26: `BigInt.prototype.toString` with a power of two as radix gives a leading zero
 * when the number fills its last limb (`(1n << 63n).toString(16)` is '08000…'). @noble/curves counts
 * the bits of a field by such a string and takes P-256 for a curve of 257 bits.
 *
 * Not mended, so never use it: `BigInt.asUintN`, which gives negative numbers there.
 */
const original = BigInt.prototype.toString;

/** Digits without leading zeros; a sign stays. */
function withoutLeadingZeros(text: string): string {
  if (text.length < 2 || !(text[0] === '0' || text[1] === '0')) return text;
  return text.replace(/^(-?)0+(?=.)/, '$1');
}

if ((1n << 63n).toString(16).startsWith('0')) {
  BigInt.prototype.toString = function (this: bigint, radix?: number): string {
    return withoutLeadingZeros(original.call(this, radix));
  };
}

export {};
