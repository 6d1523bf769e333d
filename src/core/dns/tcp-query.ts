/** One question over TCP (RFC 1035 §4.2.2): two bytes of length, then the message. */
import { concat, uintBytes } from '../bytes/bytes.js';
import type { Network, TcpConnection, TcpOptions } from '../net/network.js';

/** Ended exactly once, by `message` or by `failed`. */
export interface TcpQueryEvents {
  message(bytes: Uint8Array): void;
  failed(reason: string): void;
}

/** Sends `query` and waits for one message; `close` ends it without an event. */
export class TcpQuery {
  readonly #events: TcpQueryEvents;
  #connection: TcpConnection | undefined;
  #parts: Uint8Array[] = [];
  #held = 0;
  #isOver = false;

  constructor(
    network: Pick<Network, 'tcp'>,
    target: Omit<TcpOptions, 'events'>,
    query: Uint8Array,
    events: TcpQueryEvents,
  ) {
    this.#events = events;
    const stream = {
      data: (bytes: Uint8Array) => this.#take(bytes),
      close: (reason: string) => this.#fail(reason || 'closed before the answer was whole'),
    };
    network.tcp({ ...target, events: stream }).then(
      (connection) => {
        this.#connection = connection;
        if (this.#isOver) connection.close();
        else connection.send(concat(uintBytes(query.length, 2), query));
      },
      (error: unknown) => this.#fail(error instanceof Error ? error.message : String(error)),
    );
  }

  close(): void {
    this.#isOver = true;
    this.#parts = [];
    this.#connection?.close();
  }

  #fail(reason: string): void {
    if (this.#isOver) return;
    this.close();
    this.#events.failed(reason);
  }

  /** Parts are joined only when all are there; the length field bounds what is kept. */
  #take(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#parts.push(bytes);
    this.#held += bytes.length;
    if (this.#held < 2) return;
    const [high, low] = this.#firstTwo();
    const length = high * 256 + low;
    if (this.#held < 2 + length) return;
    const message = concat(...this.#parts).slice(2, 2 + length);
    this.close();
    this.#events.message(message);
  }

  #firstTwo(): [number, number] {
    if (this.#parts[0]!.length < 2) this.#parts = [concat(...this.#parts)];
    return [this.#parts[0]![0]!, this.#parts[0]![1]!];
  }
}
