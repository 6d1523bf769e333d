/** Mutations that know nothing of what the bytes mean. */
import { concat, uintBytes } from '../../src/core/bytes/bytes.js';
import type { Dice } from './dice.js';

/** `other`: another good input, for splicing. Inputs stay below `MOST_BYTES`. */
type Mutation = (input: Uint8Array, dice: Dice, other: Uint8Array) => Uint8Array;

export const MOST_BYTES = 20_000;

const edges = [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 191, 192, 254, 255];

function changed(input: Uint8Array, dice: Dice, to: (old: number) => number): Uint8Array {
  if (input.length === 0) return input;
  const out = input.slice();
  const at = dice.below(out.length);
  out[at] = to(out[at]!);
  return out;
}

/** Start and end of a range. */
function range(input: Uint8Array, dice: Dice, most = 32): [number, number] {
  const start = dice.below(input.length + 1);
  return [start, Math.min(input.length, start + 1 + dice.below(most))];
}

/** A number in the place of two or four bytes: counts and lengths live there. */
function numbered(input: Uint8Array, dice: Dice): Uint8Array {
  const width = dice.oneIn(3) ? 4 : 2;
  if (input.length < width) return input;
  const at = dice.below(input.length - width + 1);
  const left = input.length - at;
  const most = 256 ** width - 1;
  const value = dice.pick([0, 1, 3, 4, left, left - 1, left + 1, left + width, most, most >>> 1]);
  const bytes = uintBytes(Math.max(0, value), width);
  const out = input.slice();
  out.set(dice.oneIn(4) ? bytes.reverse() : bytes, at);
  return out;
}

const mutations: readonly Mutation[] = [
  (input, dice) => changed(input, dice, (old) => old ^ (1 << dice.below(8))),
  (input, dice) => changed(input, dice, () => dice.pick(edges)),
  (input, dice) => changed(input, dice, (old) => old + dice.below(17) - 8),
  (input, dice) => changed(input, dice, () => dice.next() & 255),
  numbered,
  numbered,
  (input, dice) => input.slice(0, dice.below(input.length + 1)),
  (input, dice) => concat(input, dice.bytes(1 + dice.below(16))),
  (input, dice) => {
    const [from, to] = range(input, dice);
    return concat(input.subarray(0, from), input.subarray(to));
  },
  (input, dice) => {
    const [from, to] = range(input, dice, 64);
    const at = dice.below(input.length + 1);
    return concat(input.subarray(0, at), input.subarray(from, to), input.subarray(at));
  },
  (input, dice) => {
    const at = dice.below(input.length + 1);
    return concat(input.subarray(0, at), dice.bytes(1 + dice.below(8)), input.subarray(at));
  },
  (input, dice, other) => {
    const [from, to] = range(other, dice, 64);
    const at = dice.below(input.length + 1);
    const rest = dice.oneIn(2) ? at : Math.min(input.length, at + to - from);
    return concat(input.subarray(0, at), other.subarray(from, to), input.subarray(rest));
  },
  (input, dice, other) =>
    concat(
      input.subarray(0, dice.below(input.length + 1)),
      other.subarray(dice.below(other.length + 1)),
    ),
];

/** One to five mutations, one on top of the other. */
export function mutateBytes(input: Uint8Array, dice: Dice, other: Uint8Array): Uint8Array {
  let out = input;
  const times = 1 + dice.below(dice.oneIn(2) ? 2 : 5);
  for (let i = 0; i < times; i++) out = dice.pick(mutations)(out, dice, other);
  return out.length > MOST_BYTES ? out.slice(0, MOST_BYTES) : out;
}
