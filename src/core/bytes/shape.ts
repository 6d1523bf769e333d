/**
 * Checks that a value of doubtful origin has the shape that code relies on. A shape gives the value
 * with its type, or throws a sentence that names the field: `sa.path.local.port: no whole number`.
 */

export type Shape<T> = (value: unknown, name: string) => T;
export type ShapeOf<S> = S extends Shape<infer T> ? T : never;

const refuse = (name: string, what: string): never => {
  throw new Error(`${name}: ${what}`);
};

export const text: Shape<string> = (value, name) =>
  typeof value === 'string' ? value : refuse(name, 'no text');

export const truth: Shape<boolean> = (value, name) =>
  typeof value === 'boolean' ? value : refuse(name, 'neither true nor false');

/** 0 or more, without a fraction. */
export const whole: Shape<number> = (value, name) =>
  Number.isSafeInteger(value) && (value as number) >= 0
    ? (value as number)
    : refuse(name, 'no whole number');

/** 0 or more, and below `end`. */
export const below =
  (end: number): Shape<number> =>
  (value, name) =>
    whole(value, name) < end ? (value as number) : refuse(name, `not below ${end}`);

export const amount: Shape<number> = (value, name) =>
  Number.isFinite(value) ? (value as number) : refuse(name, 'no number');

/** No machine is up for 139 years, and the kernel's own counts of time end soon after. */
const MOST_MS = 2 ** 42;

/** Milliseconds of the monotonic clock, of the past or to come. */
export const moment: Shape<number> = (value, name) =>
  Math.abs(amount(value, name)) < MOST_MS ? (value as number) : refuse(name, 'no moment');

/** Any number of bytes, or exactly `length`. */
export const bytesOf =
  (length?: number): Shape<Uint8Array> =>
  (value, name) => {
    if (!(value instanceof Uint8Array)) return refuse(name, 'no bytes');
    if (length !== undefined && value.length !== length)
      return refuse(name, `needs ${length} bytes, has ${value.length}`);
    return value;
  };

export const oneOf =
  <T extends string>(...words: readonly T[]): Shape<T> =>
  (value, name) =>
    words.find((word) => word === value) ?? refuse(name, `none of ${words.join(', ')}`);

export const maybe =
  <T>(of: Shape<T>): Shape<T | undefined> =>
  (value, name) =>
    value === undefined ? undefined : of(value, name);

export const listOf =
  <T>(of: Shape<T>, most = 100_000): Shape<T[]> =>
  (value, name) => {
    if (!Array.isArray(value)) return refuse(name, 'no list');
    if (value.length > most) return refuse(name, `has ${value.length} items, ${most} at most`);
    return value.map((each, at) => of(each, `${name}[${at}]`));
  };

// biome-ignore lint/suspicious/noExplicitAny: fields of one record have different types
type Fields = Readonly<Record<string, Shape<any>>>;

/** Fields beside those named are passed over. */
export const record =
  <F extends Fields>(fields: F): Shape<{ [K in keyof F]: ShapeOf<F[K]> }> =>
  (value, name) => {
    if (typeof value !== 'object' || value === null) return refuse(name, 'no record');
    const from = value as Record<string, unknown>;
    const made: Record<string, unknown> = {};
    for (const [field, shape] of Object.entries(fields))
      made[field] = shape(from[field], `${name}.${field}`);
    return made as { [K in keyof F]: ShapeOf<F[K]> };
  };

/** Reads with another reader that gives `undefined` for what it does not take. */
export const readBy =
  <A, B>(of: Shape<A>, read: (value: A) => B | undefined): Shape<B> =>
  (value, name) =>
    read(of(value, name)) ?? refuse(name, 'has no sense');
