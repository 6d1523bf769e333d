/**
 * Inputs that came to something new, in one piece of memory outside of the heap: what the heap gains
 * over a run is the target's alone.
 */
const MOST = 2000;
const MOST_BYTES = 16 << 20;

export class Kept {
  readonly #bytes = new Uint8Array(MOST_BYTES);
  readonly #ends = new Uint32Array(MOST);
  #count = 0;

  get length(): number {
    return this.#count;
  }

  /** Passes over what there is no room for. */
  add(input: Uint8Array): void {
    const start = this.#start(this.#count);
    if (this.#count === MOST || start + input.length > MOST_BYTES) return;
    this.#bytes.set(input, start);
    this.#ends[this.#count++] = start + input.length;
  }

  at(index: number): Uint8Array {
    return this.#bytes.slice(this.#start(index), this.#ends[index]);
  }

  #start(index: number): number {
    return index === 0 ? 0 : this.#ends[index - 1]!;
  }
}
