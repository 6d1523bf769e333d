/** Big-endian fields one after the other, for the frames of the socket broker. */

export class ByteReader {
  #at = 0;
  readonly #view: DataView;

  /** `what` starts the message of every error. */
  constructor(
    private readonly data: Uint8Array,
    private readonly what: string,
  ) {
    this.#view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  u8(name: string): number {
    return this.#view.getUint8(this.#take(name, 1));
  }

  u32(name: string): number {
    return this.#view.getUint32(this.#take(name, 4));
  }

  /** A view of the next `length` bytes. */
  bytes(name: string, length: number): Uint8Array {
    const start = this.#take(name, length);
    return this.data.subarray(start, start + length);
  }

  /** A view of all that is left. */
  rest(): Uint8Array {
    return this.bytes('rest', this.data.length - this.#at);
  }

  expectEnd(): void {
    const left = this.data.length - this.#at;
    if (left > 0) throw new Error(`${this.what}: ${left} bytes too many`);
  }

  #take(name: string, length: number): number {
    const left = this.data.length - this.#at;
    if (left < length)
      throw new Error(`${this.what}: ${name} needs ${length} bytes, ${left} are left`);
    const start = this.#at;
    this.#at += length;
    return start;
  }
}

export class ByteWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  u8(value: number): void {
    this.#view.setUint8(this.#grow(1), value);
  }

  u32(value: number): void {
    this.#view.setUint32(this.#grow(4), value);
  }

  bytes(value: Uint8Array): void {
    const start = this.#grow(value.length);
    this.#bytes.set(value, start);
  }

  /** All that was written; the writer is not used after it. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(length: number): number {
    const start = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return start;
  }
}
