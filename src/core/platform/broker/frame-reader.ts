/**
 * Cuts the broker's output, which comes in pieces of any size, into frames. A frame that lies within
 * one piece is a view of it; one that does not is put together once, in a buffer of its own size.
 */
import { LONGEST_FRAME, SHORTEST_FRAME } from './broker-frames.js';

const HEAD = 4;

export class FrameReader {
  readonly #head = new Uint8Array(HEAD);
  #headFill = 0;
  #body: Uint8Array | undefined;
  #bodyFill = 0;

  /** `frame` gets each frame without its length field. */
  constructor(private readonly frame: (bytes: Uint8Array) => void) {}

  /** Takes the next piece. Throws when a length is out of bounds: the two are out of step then. */
  push(piece: Uint8Array): void {
    let at = 0;
    while (at < piece.length) {
      at = this.#headFill === 0 ? this.#wholeFrame(piece, at) : this.#continue(piece, at);
    }
  }

  /** Delivers a frame that is in the piece from end to end, or starts to collect it. */
  #wholeFrame(piece: Uint8Array, at: number): number {
    if (piece.length - at >= HEAD) {
      const start = at + HEAD;
      const end = start + lengthIn(piece, at);
      if (end <= piece.length) {
        this.frame(piece.subarray(start, end));
        return end;
      }
    }
    return this.#continue(piece, at);
  }

  #continue(piece: Uint8Array, at: number): number {
    if (!this.#body) {
      const part = piece.subarray(at, at + HEAD - this.#headFill);
      this.#head.set(part, this.#headFill);
      this.#headFill += part.length;
      if (this.#headFill === HEAD) this.#body = new Uint8Array(lengthIn(this.#head, 0));
      return at + part.length;
    }
    const part = piece.subarray(at, at + this.#body.length - this.#bodyFill);
    this.#body.set(part, this.#bodyFill);
    this.#bodyFill += part.length;
    if (this.#bodyFill === this.#body.length) {
      const whole = this.#body;
      this.#body = undefined;
      this.#bodyFill = this.#headFill = 0;
      this.frame(whole);
    }
    return at + part.length;
  }
}

function lengthIn(bytes: Uint8Array, at: number): number {
  const length = new DataView(bytes.buffer, bytes.byteOffset + at, HEAD).getUint32(0);
  if (length < SHORTEST_FRAME || length > LONGEST_FRAME)
    throw new Error(
      `broker frame: length is ${length}, must be ${SHORTEST_FRAME} to ${LONGEST_FRAME}`,
    );
  return length;
}
