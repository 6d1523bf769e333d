/** Two ends of a byte stream in memory, for TCP and local sockets of the memory network. */
import type { StreamEvents, TcpConnection } from '../../src/core/net/network.js';

class StreamEnd implements TcpConnection {
  events: StreamEvents | undefined;
  other: StreamEnd | undefined;
  #isOpen = true;

  send(bytes: Uint8Array): void {
    const copy = bytes.slice();
    if (this.#isOpen) this.#later((other) => other.events?.data(copy));
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#later((other) => {
      other.#isOpen = false;
      other.events?.close('');
    });
  }

  /** Events reach the other side in order, after the caller is done. */
  #later(run: (other: StreamEnd) => void): void {
    void Promise.resolve().then(() => {
      const other = this.other;
      if (!other) return;
      if (other.#isOpen) run(other);
    });
  }
}

/** Connects a client to a server; gives the client's end. */
export function connectStreams(
  client: StreamEvents,
  accept: (connection: TcpConnection) => StreamEvents,
): TcpConnection {
  const ours = new StreamEnd();
  const theirs = new StreamEnd();
  ours.events = client;
  ours.other = theirs;
  theirs.other = ours;
  theirs.events = accept(theirs);
  return ours;
}
