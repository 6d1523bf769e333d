/**
 * Requests of the peer within one IKE SA (RFC 7296 §2.1, §2.3). Those inside the window are processed
 * as they come, in any order and each once. Each answer is kept for repetitions of its request until
 * the window has moved past it. With a size of 4:
 *
 *   message ID   2   3   4   5   6   7   8   9      ✓ answered   … worked on   - not here yet
 *                ✓   ✓   ✓   …   ✓   -   -   ×
 *                    │       └── may come ──┘       4 from the oldest that has no answer
 *                    └──── kept ─┘                  4 up to the newest that has come
 *
 * A peer that sends the newest has seen the answers to all that are not kept any more, so nobody
 * repeats those; and it may not send the next but one (×) before 5 is answered.
 */
import { equal } from '../bytes/bytes.js';
import type { FragmentOf } from './message.js';
import type { Sealed } from './sealed.js';

export type Arrival =
  /** To be processed. */
  | { kind: 'new' }
  /** Repeated while we still work on it: the answer will come. */
  | { kind: 'busy' }
  /** Repeated after we answered: send this. */
  | { kind: 'repeated'; response: Sealed }
  /** A first fragment under the ID of an answered request: if it is authentic, send this. */
  | { kind: 'cut anew'; response: Sealed }
  | { kind: 'outside' };

interface Exchange {
  /** The datagram of its first fragment, when it came in fragments. */
  request: Uint8Array;
  /** Just the end of it is known, of an earlier run. */
  isEnd?: boolean;
  response?: Sealed;
  repetitions: number;
}

const isRequestOf = ({ request, isEnd }: Exchange, bytes: Uint8Array): boolean =>
  equal(request, isEnd ? bytes.subarray(-request.length) : bytes);

/** Repetitions after which an answer is cut into smaller pieces: it seems not to arrive (RFC 7383 §2.4). */
const REPETITIONS_OF_A_SIZE = 3;
/** What another run of the daemon needs to answer repetitions, and to process nothing twice. */
export interface SavedResponses {
  size: number;
  oldest: number;
  newest: number;
  /** The end of each request stands for it: its integrity value covers the rest. */
  kept: { messageId: number; requestEnd: Uint8Array; response: Uint8Array[] }[];
}

/** As long as the longest integrity value (AUTH_HMAC_SHA2_512_256); no request is shorter. */
const END_LENGTH = 32;

export class ResponseWindow {
  readonly #kept = new Map<number, Exchange>();
  #oldest = 0;
  #newest = -1;

  /** `size`: how many requests the peer may have sent without an answer; 0 turns all away. */
  constructor(private size: number) {}

  /** The peer may send more at once from now on. */
  open(size: number): void {
    this.size = Math.max(this.size, size);
  }

  /**
   * What an arriving request is. A repetition is the same message bit for bit (§2.1), so comparing it
   * tells more than checking its integrity value would, and costs nothing. Of fragments, the first
   * one stands for all (RFC 7383 §2.6.1); a peer may cut them anew (§2.5.2).
   */
  classify(messageId: number, bytes: Uint8Array, fragment?: FragmentOf): Arrival {
    const known = this.#kept.get(messageId);
    if (known) {
      const { response } = known;
      if (!response) return { kind: fragment || isRequestOf(known, bytes) ? 'busy' : 'outside' };
      if (isRequestOf(known, bytes)) return { kind: 'repeated', response };
      return fragment?.number === 1 ? { kind: 'cut anew', response } : { kind: 'outside' };
    }
    const mayCome = messageId >= this.#oldest && messageId < this.#oldest + this.size;
    return { kind: mayCome ? 'new' : 'outside' };
  }

  /** No later request has come yet. */
  isNewest(messageId: number): boolean {
    return messageId > this.#newest;
  }

  /** Requests that are being worked on. */
  get busy(): number {
    return [...this.#kept.values()].filter(({ response }) => !response).length;
  }

  /** A new request is being worked on. */
  begin(messageId: number, request: Uint8Array): void {
    this.#kept.set(messageId, { request, repetitions: 0 });
    this.#newest = Math.max(this.#newest, messageId);
    for (const each of this.#kept.keys())
      if (each <= this.#newest - this.size) this.#kept.delete(each);
  }

  /** It was answered; a repetition gets the same bytes. */
  finish(messageId: number, response: Sealed): void {
    const exchange = this.#kept.get(messageId);
    if (exchange) exchange.response = response;
    while (this.#kept.get(this.#oldest)?.response) this.#oldest++;
  }

  /** The answer goes out once more; gives it in smaller pieces when it seems not to get through. */
  repeat(messageId: number): Sealed | undefined {
    const exchange = this.#kept.get(messageId);
    if (!exchange?.response) return undefined;
    const isTooLarge = ++exchange.repetitions % REPETITIONS_OF_A_SIZE === 0;
    exchange.response = (isTooLarge && exchange.response.smaller?.()) || exchange.response;
    return exchange.response;
  }

  /** Requests that are being worked on are left out: their repetition is a new one. */
  save(): SavedResponses {
    const kept: SavedResponses['kept'] = [];
    for (const [messageId, { request, response }] of this.#kept)
      if (response) {
        const requestEnd = request.subarray(-END_LENGTH);
        kept.push({ messageId, requestEnd, response: [...response.datagrams] });
      }
    return { size: this.size, oldest: this.#oldest, newest: this.#newest, kept };
  }

  restore({ size, oldest, newest, kept }: SavedResponses): void {
    this.size = size;
    this.#oldest = oldest;
    this.#newest = newest;
    for (const { messageId, requestEnd, response } of kept) {
      const kept: Exchange = { request: requestEnd, isEnd: true, repetitions: 0 };
      this.#kept.set(messageId, { ...kept, response: { datagrams: response } });
    }
  }
}
