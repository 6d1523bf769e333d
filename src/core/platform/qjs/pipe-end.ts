/**
 * Our ends of the pipes to a child. Both do one read or write per turn of the loop and then queue
 * up again behind the other descriptors, because QuickJS always serves the first ready one.
 */
import type { Guard } from '../guard.js';
import { EINTR, FD_LIMIT, os } from './engine.js';

/** What one read takes at most: Linux's default capacity of a pipe. */
const READ_SIZE = 65536;
const readBuffer = new ArrayBuffer(READ_SIZE);

/** Reads until the end; `data` gets pieces, `end` is called once unless `stop` came first. */
export class PipeReader {
  /** Grows with every piece: tells whether something was read since. */
  pieces = 0;
  #isOpen = true;

  constructor(
    private readonly fd: number,
    private readonly guard: Guard,
    private readonly data: (bytes: Uint8Array) => void,
    private readonly end: () => void,
  ) {
    os.setReadHandler(fd, this.#onReadable);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  stop(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    os.setReadHandler(this.fd, null);
    os.close(this.fd);
  }

  readonly #onReadable = (): void => {
    const count = os.read(this.fd, readBuffer, 0, READ_SIZE);
    if (count === -EINTR) return;
    if (count <= 0) {
      this.stop();
      this.guard(this.end);
      return;
    }
    this.pieces++;
    os.setReadHandler(this.fd, null);
    os.setReadHandler(this.fd, this.#onReadable);
    const bytes = new Uint8Array(readBuffer.slice(0, count));
    this.guard(() => this.data(bytes));
  };
}

/**
 * Calls `run` once when no descriptor that has a handler now is ready before: a pipe that is always
 * readable (its other end is closed) queues up behind them. False when there is no descriptor for it.
 */
export function afterReady(run: () => void): boolean {
  const pipe = os.pipe();
  if (!pipe) return false;
  const [readEnd, writeEnd] = pipe;
  os.close(writeEnd);
  if (readEnd >= FD_LIMIT) {
    os.close(readEnd);
    return false;
  }
  os.setReadHandler(readEnd, () => {
    os.setReadHandler(readEnd, null);
    os.close(readEnd);
    run();
  });
  return true;
}

/**
 * PIPE_BUF of Linux. A pipe that polls as writable has a free page, so a write of this much never
 * blocks (pipe(7)); QuickJS can not make the pipe non-blocking.
 */
const WRITE_SIZE = 4096;

/** Writes queued bytes whenever the pipe takes them. */
export class PipeWriter {
  readonly #fd: number;
  #queue: Uint8Array[] = [];
  /** Index of the first chunk that is not written, and how much of it is. */
  #head = 0;
  #headOffset = 0;
  #pendingBytes = 0;
  #state: 'open' | 'closing' | 'closed' = 'open';
  readonly #scratch = new Uint8Array(WRITE_SIZE);

  constructor(fd: number) {
    this.#fd = fd;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  write(bytes: Uint8Array): void {
    if (this.#state !== 'open' || bytes.length === 0) return;
    if (this.#pendingBytes === 0) os.setWriteHandler(this.#fd, this.#onWritable);
    this.#queue.push(bytes.slice());
    this.#pendingBytes += bytes.length;
  }

  /** Closes the pipe once everything queued is written. */
  finish(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    if (this.#pendingBytes === 0) this.stop();
  }

  /** Closes the pipe now; what is queued is lost. */
  stop(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#queue = [];
    this.#pendingBytes = 0;
    os.setWriteHandler(this.#fd, null);
    os.close(this.#fd);
  }

  readonly #onWritable = (): void => {
    const length = this.#gather();
    const count = os.write(this.#fd, this.#scratch.buffer, 0, length);
    if (count === -EINTR) return;
    if (count < 0) {
      this.stop(); // EPIPE: the child reads no more
      return;
    }
    this.#consume(count);
    os.setWriteHandler(this.#fd, null);
    if (this.#pendingBytes > 0) os.setWriteHandler(this.#fd, this.#onWritable);
    else if (this.#state === 'closing') this.stop();
  };

  /** Copies the first bytes of the queue to the scratch buffer; gives their number. */
  #gather(): number {
    let length = 0;
    let offset = this.#headOffset;
    for (let i = this.#head; i < this.#queue.length && length < WRITE_SIZE; i++) {
      const piece = this.#queue[i]!.subarray(offset, offset + WRITE_SIZE - length);
      this.#scratch.set(piece, length);
      length += piece.length;
      offset = 0;
    }
    return length;
  }

  /** Forgets the first `count` bytes of the queue. */
  #consume(count: number): void {
    this.#pendingBytes -= count;
    let left = count + this.#headOffset;
    while (this.#head < this.#queue.length && left >= this.#queue[this.#head]!.length) {
      left -= this.#queue[this.#head]!.length;
      this.#head++;
    }
    this.#headOffset = left;
    // dropped in bulk: taking single chunks off the front moves the whole array each time
    if (this.#head > 256 || this.#head === this.#queue.length) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
