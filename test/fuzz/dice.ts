/** Chance that can be repeated: xorshift128 (Marsaglia 2003), seeded from words. */
export class Dice {
  readonly #state = new Uint32Array(4);

  constructor(...words: readonly number[]) {
    // splitmix32 spreads seeds that lie close together
    let seed = words.reduce((sum, word) => Math.imul(sum ^ word, 0x85ebca6b) + 0x9e3779b9, 1);
    for (let i = 0; i < 4; i++) {
      seed = (seed + 0x9e3779b9) | 0;
      let word = Math.imul(seed ^ (seed >>> 16), 0x21f0aaad);
      word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
      this.#state[i] = (word ^ (word >>> 15)) | 1;
    }
  }

  /** 32 bits. */
  next(): number {
    const state = this.#state;
    const first = state[0]!;
    const t = first ^ (first << 11);
    state[0] = state[1]!;
    state[1] = state[2]!;
    state[2] = state[3]!;
    state[3] = state[3]! ^ (state[3]! >>> 19) ^ t ^ (t >>> 8);
    return state[3]!;
  }

  /** 0 to `limit` - 1; 0 when `limit` is 0. */
  below(limit: number): number {
    return limit > 0 ? this.next() % limit : 0;
  }

  /** Once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next() & 255);
  }
}

/** FNV-1a, for seeds from names and short names of inputs. */
export function hashOf(data: Uint8Array | string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < data.length; i++) {
    const unit = typeof data === 'string' ? data.charCodeAt(i) : data[i]!;
    hash = Math.imul(hash ^ unit, 0x01000193);
  }
  return hash >>> 0;
}
