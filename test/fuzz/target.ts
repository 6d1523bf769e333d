/** What can be fuzzed, and short ways to say so: one line for each parser in `targets.ts`. */
import { concat, equal } from '../../src/core/bytes/bytes.js';
import type { Read } from '../../src/core/bytes/struct.js';
import { fromUtf8, utf8 } from '../../src/core/bytes/text.js';
import type { Dice } from './dice.js';
import { shapeOf } from './shape.js';
import { mutateText } from './text.js';

/** A mutation that knows the structure; its result may still be any bytes. */
export type Mutate = (input: Uint8Array, dice: Dice, other: Uint8Array) => Uint8Array;

/** Good inputs; a function where they take a while to make. */
export type Seeds = readonly Uint8Array[] | (() => Promise<readonly Uint8Array[]>);

/** Makes something when it is asked for, and once. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

export interface Target {
  readonly name: string;
  readonly seeds: Seeds;
  /** Beside the mutations of bytes, which are a third. */
  readonly mutate?: Mutate;
  /** Only `mutate`: what has to be whole to get anywhere. */
  readonly isStructured?: boolean;
  /** Inputs in the place of a million: what takes longer gets less. 1 when absent. */
  readonly cost?: number;
  /**
   * Runs one input and says in few words how it went; an outcome not seen before makes the input a
   * seed of others. Whatever it throws is a defect.
   */
  run(input: Uint8Array): string | Promise<string>;
  /** After the last input: throws when something has stayed that must not. */
  end?(): Promise<void>;
}

export function assert(isTrue: boolean, what: string): asserts isTrue {
  if (!isTrue) throw new Error(what);
}

/** Error texts differ in numbers and names of strangers. */
export const outcomeOf = (result: Read<unknown>): string =>
  result.ok ? `ok ${shapeOf(result.value)}` : result.error.replace(/\d+/g, '#').slice(0, 80);

/** Reading what was written gives the same bytes again. */
function checkStable<T>(value: T, read: (bytes: Uint8Array) => Read<T>, write: Write<T>): void {
  const once = write(value);
  const again = read(once);
  assert(again.ok, `what was written is not read: ${again.ok ? '' : again.error}`);
  assert(equal(write(again.value), once), 'what was written is read as something else');
}

type Write<T> = (value: T) => Uint8Array;

/** A reader of bytes that gives a value or a sentence. */
export const reader = <T>(
  name: string,
  seeds: Seeds,
  read: (bytes: Uint8Array) => Read<T>,
  more: { write?: Write<T>; mutate?: Mutate } = {},
): Target => ({
  name,
  seeds,
  ...(more.mutate && { mutate: more.mutate }),
  run(input) {
    const result = read(input);
    if (result.ok && more.write) checkStable(result.value, read, more.write);
    return outcomeOf(result);
  },
});

/** A function of bytes that gives a value or `undefined`, or throws errors that `isRefusal` knows. */
export const taker = (
  name: string,
  seeds: Seeds,
  take: (bytes: Uint8Array) => unknown,
  more: { isRefusal?: (error: unknown) => boolean; mutate?: Mutate } = {},
): Target => ({
  name,
  seeds,
  ...(more.mutate && { mutate: more.mutate }),
  run(input) {
    try {
      return shapeOf(take(input));
    } catch (error) {
      if (!more.isRefusal?.(error)) throw error;
      return String((error as Error).message)
        .replace(/\d+/g, '#')
        .slice(0, 80);
    }
  },
});

/** A function of text. */
export const textTaker = (
  name: string,
  seeds: readonly string[],
  take: (text: string) => unknown,
  more: { isRefusal?: (error: unknown) => boolean; mutate?: Mutate } = {},
): Target =>
  taker(name, seeds.map(utf8), (input) => take(fromUtf8(input)), { mutate: mutateText, ...more });

/** What a class of errors is thrown for is a refusal. */
export const refusedBy =
  (...classes: readonly (abstract new (...args: never[]) => Error)[]) =>
  (error: unknown): boolean =>
    classes.some((each) => error instanceof each);

/** Puts `head` before what `mutate` makes of the rest. */
export const behind =
  (length: number, mutate: Mutate): Mutate =>
  (input, dice, other) =>
    concat(input.subarray(0, length), mutate(input.subarray(length), dice, other.subarray(length)));
