/**
 * Requests of the peer within one IKE SA (RFC 7296 §2.1, §2.3): the next one is processed once, the
 * last one is answered again from memory, all others are none of our business.
 */
import { equal } from '../bytes/bytes.js';

export type Arrival =
  /** To be processed. */
  | { kind: 'next' }
  /** Repeated while we still work on it: the answer will come. */
  | { kind: 'busy' }
  /** Repeated after we answered: send this. */
  | { kind: 'repeated'; response: Uint8Array }
  | { kind: 'outside' };

export class ResponseWindow {
  #expected = 0;
  #request: Uint8Array | undefined;
  #response: Uint8Array | undefined;

  /**
   * What an arriving request is. A repetition is the same message bit for bit (§2.1), so comparing it
   * tells more than checking its integrity value would, and costs nothing.
   */
  classify(messageId: number, bytes: Uint8Array): Arrival {
    const isKnown = this.#request !== undefined && equal(this.#request, bytes);
    if (messageId === this.#expected) {
      if (!this.#isBusy) return { kind: 'next' };
      return isKnown ? { kind: 'busy' } : { kind: 'outside' };
    }
    if (messageId === this.#expected - 1 && isKnown && this.#response)
      return { kind: 'repeated', response: this.#response };
    return { kind: 'outside' };
  }

  get #isBusy(): boolean {
    return this.#request !== undefined && this.#response === undefined;
  }

  /** The expected request is being worked on. */
  begin(bytes: Uint8Array): void {
    this.#request = bytes;
    this.#response = undefined;
  }

  /** It was answered; a repetition gets the same bytes. */
  finish(response: Uint8Array): void {
    this.#response = response;
    this.#expected++;
  }
}
