/**
 * Wire layouts, said once. `struct` takes the fields in the order of the document's figure and gives
 * a reader and a writer that mirror each other, and the TypeScript type of the value.
 *
 * Reading trusts nothing: each length is compared with what is there before it is used, all bytes
 * must be used, and what is wrong comes back as a value that names the field and both numbers
 * (`notify.spi: needs 4 bytes, 1 left`). All numbers are unsigned and big-endian. Writing is for our
 * own values; one that does not fit its field is a bug and throws.
 */
import { concat, uintBytes } from './bytes.js';

/** What a reader gives: the value, or the sentence that says what is wrong. */
export type Read<T> = { ok: true; value: T } | { ok: false; error: string };

/** Carries an error from a field to the `read` that catches it; never leaves this file. */
class Malformed extends Error {}

/** Where reading stands, and what earlier fields of the same struct said. */
interface Input {
  /** Name of the struct. */
  readonly of: string;
  readonly bytes: Uint8Array;
  at: number;
  /** Lengths and counts by name, which measure a later field. */
  numbers?: Map<string, number>;
}

const malformed = (input: Input, name: string, what: string): Malformed =>
  new Malformed(`${input.of}.${name}: ${what}`);

type Values = Readonly<Record<string, unknown>>;

/** One field of a layout. A field of type `undefined` is no part of the value (lengths, reserved). */
export interface Field<T> {
  read(input: Input, name: string): T;
  /** `all` is the whole value, for fields that measure another one. */
  write(value: T, all: Values): Uint8Array;
  /** True for a field that holds the length of the whole struct; filled in at the end. */
  readonly isOwnLength?: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: fields of one layout have different types
type Layout = Readonly<Record<string, Field<any>>>;

type Visible<L extends Layout> = {
  -readonly [K in keyof L as L[K] extends Field<undefined> ? never : K]: L[K] extends Field<infer T>
    ? T
    : never;
};

export interface Struct<T> {
  readonly name: string;
  /** Reads a value that takes all of `bytes`. */
  read(bytes: Uint8Array): Read<T>;
  write(value: T): Uint8Array;
}

/** The type of a struct's values. */
export type ValueOf<S> = S extends Struct<infer T> ? T : never;

/** Goes on by `length` bytes; gives where they begin. */
function pass(input: Input, length: number, name: string): number {
  const { at } = input;
  const left = input.bytes.length - at;
  if (length > left) throw malformed(input, name, `needs ${length} bytes, ${left} left`);
  input.at += length;
  return at;
}

function take(input: Input, length: number, name: string): Uint8Array {
  const at = pass(input, length, name);
  return input.bytes.slice(at, at + length);
}

/** Byte by byte, as there are many of them: no array is made. */
function takeNumber(input: Input, width: number, name: string): number {
  let value = 0;
  for (let at = pass(input, width, name); at < input.at; at++)
    value = value * 256 + input.bytes[at]!;
  return value;
}

const measured = ({ numbers }: Input, name: string): number => numbers?.get(name) ?? 0;

/** An unsigned number and its width, for fields and for the lengths and counts built on it. */
export interface NumberField extends Field<number> {
  readonly width: number;
}

const number = (width: number): NumberField => ({
  width,
  read: (input, name) => takeNumber(input, width, name),
  write(value) {
    if (!Number.isInteger(value) || value < 0 || value >= 256 ** width)
      throw new Error(`${value} does not fit in ${width} bytes`);
    return uintBytes(value, width);
  },
});

export const u8 = number(1);
export const u16 = number(2);
export const u32 = number(4);

/** A number that the writer works out from the other fields; it can not disagree with them. */
const derived = (width: NumberField, from: (all: Values) => number): Field<undefined> => ({
  read(input, name) {
    input.numbers ??= new Map();
    input.numbers.set(name, width.read(input, name));
  },
  write: (_, all) => width.write(from(all), all),
});

/** The length in bytes of a later `bytes` field. */
export const lengthOf = (field: string, width: NumberField): Field<undefined> =>
  derived(width, (all) => (all[field] as Uint8Array).length);

/** The number of items in a later list. */
export const countOf = (field: string, width: NumberField): Field<undefined> =>
  derived(width, (all) => (all[field] as unknown[]).length);

/** The length of each item in a later `equalItems`; 0 when there are none. */
export const sizeOfEach = (field: string, width: NumberField): Field<undefined> =>
  derived(width, (all) => (all[field] as Uint8Array[])[0]?.length ?? 0);

/** The length of this whole struct, checked against the bytes given. */
export const ownLength = (width: NumberField): Field<undefined> => ({
  isOwnLength: true,
  read(input, name) {
    const claimed = width.read(input, name);
    if (claimed !== input.bytes.length)
      throw malformed(input, name, `says ${claimed}, there are ${input.bytes.length} bytes`);
  },
  write: () => new Uint8Array(width.width),
});

/** Sent as zero, ignored when received (as RFC 7296 §3.1 asks for RESERVED). */
export const reserved = (length: number): Field<undefined> => ({
  read: (input, name) => void pass(input, length, name),
  write: () => new Uint8Array(length),
});

/** Bytes of a fixed length, or of the length that an earlier field gave. */
export const bytes = (length: number | string): Field<Uint8Array> => ({
  read: (input, name) =>
    take(input, typeof length === 'number' ? length : measured(input, length), name),
  write(value) {
    if (typeof length === 'number' && value.length !== length)
      throw new Error(`${value.length} bytes where ${length} belong`);
    return value;
  },
});

/** All bytes that are left, between `least` and `most`. */
export const restOf = (least: number, most: number): Field<Uint8Array> => ({
  read(input, name) {
    const left = input.bytes.length - input.at;
    if (left < least || left > most)
      throw malformed(input, name, `has ${left} bytes, ${least} to ${most} allowed`);
    return take(input, left, name);
  },
  write: (value) => value,
});

export const rest = restOf(0, 65_535);

/** Items of equal length, measured by earlier `sizeOfEach` and `countOf` fields. */
export const equalItems = (
  size: string,
  count: string,
  limit: number,
): Field<readonly Uint8Array[]> => ({
  read(input, name) {
    const each = measured(input, size);
    const items = measured(input, count);
    if (items > limit) throw malformed(input, name, `${items} items, at most ${limit} allowed`);
    return Array.from({ length: items }, () => take(input, each, name));
  },
  write: (value) => concat(...value),
});

/**
 * Splits bytes into records that begin with two bytes and their own length in 16 bits. IKE has this
 * shape four times: payloads, proposals, transforms and traffic selectors.
 */
export function splitRecords(name: string, all: Uint8Array, limit: number): Read<Uint8Array[]> {
  const records: Uint8Array[] = [];
  for (let at = 0; at < all.length; ) {
    const left = all.length - at;
    if (records.length === limit) return { ok: false, error: `${name}: more than ${limit} items` };
    if (left < 4) return { ok: false, error: `${name}: needs 4 bytes, ${left} left` };
    const length = all[at + 2]! * 256 + all[at + 3]!;
    if (length < 4 || length > left)
      return { ok: false, error: `${name}: says ${length} bytes, ${left} left` };
    records.push(all.slice(at, at + length));
    at += length;
  }
  return { ok: true, value: records };
}

function unwrap<T>(result: Read<T>): T {
  if (!result.ok) throw new Malformed(result.error);
  return result.value;
}

export interface ListRules {
  /** Most items; a stranger chooses how many there are. */
  limit: number;
  /** Name of an earlier `countOf` field that must agree. */
  count?: string;
  /** First byte of every item but the last, which has 0 ("Last Substruc", RFC 7296 §3.3.1). */
  moreMark?: number;
}

/** All that is left as a list of structs which carry their own length (`splitRecords`). */
export const list = <T>(item: Struct<T>, rules: ListRules): Field<readonly T[]> => ({
  read(input, name) {
    const all = take(input, input.bytes.length - input.at, name);
    const records = unwrap(splitRecords(`${input.of}.${name}`, all, rules.limit));
    const claimed = rules.count === undefined ? undefined : measured(input, rules.count);
    if (claimed !== undefined && claimed !== records.length)
      throw malformed(input, name, `${claimed} items announced, there are ${records.length}`);
    return records.map((record, index) => {
      const mark = index === records.length - 1 ? 0 : rules.moreMark;
      if (rules.moreMark !== undefined && record[0] !== mark)
        throw malformed(input, name, `item ${index} is marked ${record[0]}, not ${mark}`);
      return unwrap(item.read(record));
    });
  },
  write(value) {
    const records = value.map((one) => item.write(one));
    if (rules.moreMark !== undefined)
      for (const record of records.slice(0, -1)) record[0] = rules.moreMark;
    return concat(...records);
  },
});

function writeLayout(fields: readonly [string, Field<unknown>][], value: Values): Uint8Array {
  const parts = fields.map(([key, field]) => field.write(value[key], value));
  const own = fields.findIndex(([, field]) => field.isOwnLength);
  if (own >= 0) {
    const total = parts.reduce((sum, part) => sum + part.length, 0);
    parts[own] = uintBytes(total, parts[own]!.length);
  }
  return concat(...parts);
}

/** A layout with a name. Fields are read and written in the order in which they stand. */
export function struct<L extends Layout>(name: string, layout: L): Struct<Visible<L>> {
  const fields: [string, Field<unknown>][] = Object.entries(layout);
  return {
    name,
    read(all) {
      try {
        const input: Input = { of: name, bytes: all, at: 0 };
        const value: Record<string, unknown> = {};
        for (const [key, field] of fields) {
          const part = field.read(input, key);
          if (part !== undefined) value[key] = part;
        }
        const left = all.length - input.at;
        if (left > 0) throw new Malformed(`${name}: ${left} bytes left over`);
        return { ok: true, value: value as Visible<L> };
      } catch (error) {
        if (error instanceof Malformed) return { ok: false, error: error.message };
        throw error;
      }
    },
    write: (value) => writeLayout(fields, value as Values),
  };
}
