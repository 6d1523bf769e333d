/**
 * Random sources for tests. `listRandom` gives prepared values in order, and fails when asked for
 * another length or once too often, so a test sees every use of randomness. `countingRandom` gives
 * different, reproducible bytes for tests that do not care.
 */
export type Random = (length: number) => Uint8Array;

export function listRandom(...values: readonly Uint8Array[]): Random {
  let used = 0;
  return (length) => {
    const value = values[used];
    if (!value) throw new Error(`random: asked for ${length} bytes, all ${used} values are used`);
    if (value.length !== length)
      throw new Error(`random: asked for ${length} bytes, value ${used} has ${value.length}`);
    used++;
    return value.slice();
  };
}

/** Not random at all: a linear congruential generator (Knuth's MMIX constants cut to 32 bits). */
export function countingRandom(seed = 1): Random {
  let state = seed >>> 0;
  return (length) =>
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    });
}
