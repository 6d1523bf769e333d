/**
 * DER (X.690), the part that keys and signatures need: short tags, definite lengths, strictly the
 * shortest form. A reader throws `DerError`; who reads bytes of a stranger does it in `tryDer`.
 */
import { concat } from '../bytes/bytes.js';
import { toHex } from '../bytes/hex.js';

/** Identifier octets. */
export const Tag = {
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  OBJECT_IDENTIFIER: 0x06,
  SEQUENCE: 0x30,
} as const;

/** Context-specific constructed tag `[number]`. */
export const contextTag = (number: number): number => 0xa0 | number;

export class DerError extends Error {}

/** The result of `read`, or `undefined` when it met bad DER. */
export function tryDer<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

/** Reads values one after another. */
export class DerReader {
  #at = 0;

  constructor(
    private readonly bytes: Uint8Array,
    /** What is read, for errors. */
    private readonly name: string,
  ) {}

  get isAtEnd(): boolean {
    return this.#at === this.bytes.length;
  }

  /** True when the next value has this tag. */
  isNext(tag: number): boolean {
    return this.bytes[this.#at] === tag;
  }

  /** Content of the next value, which must have this tag. */
  read(tag: number): Uint8Array {
    if (!this.isNext(tag)) this.#fail(`tag ${this.bytes[this.#at] ?? 'none'}, needs ${tag}`);
    this.#at++;
    const length = this.#length();
    const left = this.bytes.length - this.#at;
    if (length > left) this.#fail(`value needs ${length} bytes, ${left} left`);
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  sequence(): DerReader {
    return this.within(Tag.SEQUENCE);
  }

  /** A reader for the content of the next value. */
  within(tag: number): DerReader {
    return new DerReader(this.read(tag), this.name);
  }

  /** A number that is not negative, as big-endian bytes without leading zeros (none for 0). */
  unsigned(): Uint8Array {
    const content = this.read(Tag.INTEGER);
    const [first, second] = content;
    if (first === undefined) return this.#fail('empty INTEGER');
    if (first >= 0x80) return this.#fail('negative INTEGER');
    if (first === 0 && second !== undefined && second < 0x80)
      return this.#fail('INTEGER with a needless zero');
    return first === 0 ? content.subarray(1) : content;
  }

  /** A number from 0 to 2^31. */
  smallUnsigned(): number {
    const bytes = this.unsigned();
    if (bytes.length > 4) return this.#fail(`INTEGER of ${bytes.length} bytes is too great`);
    return bytes.reduce((value, byte) => value * 256 + byte, 0);
  }

  /** Object identifier as the hexadecimal of its content. */
  oid(): string {
    return toHex(this.read(Tag.OBJECT_IDENTIFIER));
  }

  /** BIT STRING of whole bytes. */
  bits(): Uint8Array {
    const content = this.read(Tag.BIT_STRING);
    if (content[0] !== 0) this.#fail('BIT STRING is not of whole bytes');
    return content.subarray(1);
  }

  /** Must be called when all was read: bytes left over are an error. */
  end(): void {
    if (!this.isAtEnd) this.#fail(`${this.bytes.length - this.#at} bytes too many`);
  }

  #length(): number {
    const first = this.bytes[this.#at++];
    if (first === undefined) return this.#fail('length is missing');
    if (first < 0x80) return first;
    const size = first & 0x7f;
    if (size < 1 || size > 3) return this.#fail(`length of ${size} bytes`);
    let length = 0;
    for (let i = 0; i < size; i++) length = length * 256 + (this.bytes[this.#at++] ?? 0);
    const least = size === 1 ? 0x80 : 256 ** (size - 1);
    if (length < least) return this.#fail('length is not in its shortest form');
    return length;
  }

  #fail(what: string): never {
    throw new DerError(`${this.name}: at byte ${this.#at}: ${what}`);
  }
}

/** One value: identifier octet, length, content. */
export function der(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = concat(...content);
  const n = body.length;
  if (n >= 1 << 24) throw new Error(`der: ${n} bytes are too many`);
  let length = [n];
  if (n >= 0x10000) length = [0x83, n >> 16, (n >> 8) & 255, n & 255];
  else if (n >= 0x100) length = [0x82, n >> 8, n & 255];
  else if (n >= 0x80) length = [0x81, n];
  return concat(Uint8Array.of(tag, ...length), body);
}

export const derSequence = (...content: readonly Uint8Array[]) => der(Tag.SEQUENCE, ...content);

/** INTEGER of big-endian bytes of a number that is not negative; leading zeros are taken off. */
export function derUnsigned(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? new Uint8Array(0) : bytes.subarray(start);
  const needsZero = digits.length === 0 || digits[0]! >= 0x80;
  return der(Tag.INTEGER, Uint8Array.from(needsZero ? [0] : []), digits);
}

export const derBits = (bytes: Uint8Array) => der(Tag.BIT_STRING, Uint8Array.of(0), bytes);
