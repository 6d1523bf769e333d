/**
 * Byte streams (TCP and local) on the platform's raw sockets. Bytes are sent in pieces, one after
 * the other, so a slow peer holds up its own stream only; closing waits for them.
 */
import type { RawSocket } from '../platform/platform.js';
import type { StreamEvents, TcpConnection } from './network.js';

/** Small enough for every socket's queue. */
const PIECE = 16_384;
/** A peer that lets this much wait is not served any more. */
const LARGEST_BACKLOG = 4 << 20;

export class SocketStream implements TcpConnection {
  readonly #raw: RawSocket;
  #events: StreamEvents | undefined;
  #isClosing = false;
  #isClosed = false;
  #waitingBytes = 0;
  /** Ends when everything that was asked for so far is sent. Never rejects. */
  #sent: Promise<void> = Promise.resolve();

  constructor(raw: RawSocket) {
    this.#raw = raw;
  }

  /** Passes on what comes from now on. */
  start(events: StreamEvents): void {
    this.#events = events;
    this.#raw.listenTo({
      message: ({ bytes }) => {
        if (!this.#isClosing) this.#events?.data(bytes);
      },
      close: (errno) => this.#ended(errno === 0 ? '' : `connection failed (errno ${errno})`),
    });
  }

  send(bytes: Uint8Array): void {
    if (this.#isClosing) return;
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > LARGEST_BACKLOG) {
      this.#ended(`the other side does not read: ${this.#waitingBytes} bytes wait`);
      return;
    }
    const copy = bytes.slice();
    this.#sent = this.#sent.then(() => this.#sendPieces(copy));
  }

  /** Sends what is waiting, then closes. No event follows. */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    void this.#sent.then(() => this.#closeNow());
  }

  async #sendPieces(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length && !this.#isClosed; at += PIECE)
        await this.#raw.send(bytes.subarray(at, at + PIECE));
    } catch (error) {
      this.#ended((error as Error).message);
    }
    this.#waitingBytes -= bytes.length;
  }

  /** The other side is done, or the connection broke; told once. */
  #ended(reason: string): void {
    const isNews = !this.#isClosing;
    this.#isClosing = true;
    // after an orderly end of the other side, the answers under way still have a reader
    if (reason === '' && isNews) void this.#sent.then(() => this.#closeNow());
    else this.#closeNow();
    if (isNews) this.#events?.close(reason);
  }

  #closeNow(): void {
    this.#isClosed = true;
    this.#raw.close();
  }
}
