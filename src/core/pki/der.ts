/**
 * DER (X.690), the part that keys and signatures need: short tags, definite lengths, strictly the
 * shortest form. A reader throws `DerError`; who reads bytes of a stranger does it in `tryDer`.
 */
import { concat } from '../bytes/bytes.js';
import { toHex } from '../bytes/hex.js';

/** Identifier octets. */
export const Tag = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  OBJECT_IDENTIFIER: 0x06,
  UTF8_STRING: 0x0c,
  PRINTABLE_STRING: 0x13,
  T61_STRING: 0x14,
  IA5_STRING: 0x16,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  BMP_STRING: 0x1e,
  SEQUENCE: 0x30,
  SET: 0x31,
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

  /** The next value, whatever its tag; `bytes` has tag and length too. */
  any(): { tag: number; content: Uint8Array; bytes: Uint8Array } {
    const start = this.#at;
    const tag = this.bytes[start];
    if (tag === undefined) return this.#fail('a value is missing');
    if ((tag & 0x1f) === 0x1f) return this.#fail('tag of more than one byte');
    const content = this.read(tag);
    return { tag, content, bytes: this.bytes.subarray(start, this.#at) };
  }

  /** The readers of all that is left, each for one value with this tag; `limit` at most. */
  each(tag: number, limit: number): DerReader[] {
    const all: DerReader[] = [];
    while (!this.isAtEnd) {
      if (all.length === limit) this.#fail(`more than ${limit} values`);
      all.push(this.within(tag));
    }
    return all;
  }

  /** Content of the next value if it has this tag. */
  optional(tag: number): Uint8Array | undefined {
    return this.isNext(tag) ? this.read(tag) : undefined;
  }

  /** DER knows 0 and 255 only (X.690 §11.1). */
  boolean(): boolean {
    const content = this.read(Tag.BOOLEAN);
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 255)) this.#fail('BOOLEAN');
    return content[0] !== 0;
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
