/**
 * Fragments of the peer's messages within one IKE SA (RFC 7383 §2.6), requests and responses apart.
 * Only fragments whose integrity value was right come in here, and what they may take is bounded: by
 * time, for each message, and for all IKE SAs together.
 */
import { concat } from '../bytes/bytes.js';
import type { FragmentOf } from './message.js';
import type { NamedTimers } from './named-timers.js';

export interface FragmentLimits {
  /** Fragments of one message. */
  maxFragments: number;
  /** Bytes of one message when it is whole. */
  maxReassembledBytes: number;
  /** Bytes of fragments that wait, of all IKE SAs. */
  maxFragmentBytes: number;
  /** How long the first fragment waits for the last one. */
  reassemblyMs: number;
}

/** What fragments of all IKE SAs take at this moment. */
export interface FragmentMemory {
  bytes: number;
}

/** What SK would have held, and the datagram that stands for the message in the window. */
export interface Reassembled {
  first: number;
  plaintext: Uint8Array;
  datagram: Uint8Array;
}

interface Queue {
  total: number;
  bytes: number;
  first: number;
  datagram: Uint8Array;
  readonly parts: Map<number, Uint8Array>;
}

/** `no room`: others take all there is, and the fragment is passed over; it will be sent again. */
export type Added = Reassembled | 'wait' | 'too much' | 'no room';

export class Reassembly {
  readonly #queues = new Map<number, Queue>();

  constructor(
    /** Tells the timers of requests from those of responses. */
    private readonly name: string,
    private readonly limits: FragmentLimits,
    private readonly memory: FragmentMemory,
    private readonly timers: NamedTimers,
  ) {}

  /** Is it worth looking inside? False for repetitions and for fragments of an outdated cut. */
  wants(messageId: number, { number, total }: FragmentOf): boolean {
    const queue = this.#queues.get(messageId);
    return !queue || total > queue.total || (total === queue.total && !queue.parts.has(number));
  }

  /**
   * Stores an authentic fragment that is wanted; gives the message when it was the last one. `most`:
   * bytes that fragments of all IKE SAs may take with this one.
   */
  add(
    messageId: number,
    { number, total }: FragmentOf,
    part: { first: number; plaintext: Uint8Array; datagram: Uint8Array },
    most = this.limits.maxFragmentBytes,
  ): Added {
    if (this.memory.bytes + part.plaintext.length > most) return 'no room';
    const queue = this.#queueFor(messageId, total);
    queue.bytes += part.plaintext.length;
    this.memory.bytes += part.plaintext.length;
    queue.parts.set(number, part.plaintext);
    if (number === 1) {
      queue.first = part.first;
      queue.datagram = part.datagram;
    }
    if (this.#isTooMuch(queue)) {
      this.forget(messageId);
      return 'too much';
    }
    if (queue.parts.size < total) return 'wait';
    this.forget(messageId);
    const plaintext = concat(...Array.from({ length: total }, (_, i) => queue.parts.get(i + 1)!));
    return { first: queue.first, plaintext, datagram: queue.datagram };
  }

  /** The message came in one piece, or it is not waited for any more. */
  forget(messageId: number): void {
    const queue = this.#queues.get(messageId);
    if (!queue) return;
    this.memory.bytes -= queue.bytes;
    this.#queues.delete(messageId);
    this.timers.cancel(this.#timerOf(messageId));
  }

  clear(): void {
    for (const messageId of [...this.#queues.keys()]) this.forget(messageId);
  }

  #timerOf(messageId: number): string {
    return `${this.name} ${messageId}`;
  }

  /** §2.6: a larger total is a new cut of the same message, which begins anew. */
  #queueFor(messageId: number, total: number): Queue {
    const known = this.#queues.get(messageId);
    if (known?.total === total) return known;
    this.forget(messageId);
    const queue = { total, bytes: 0, first: 0, datagram: new Uint8Array(0), parts: new Map() };
    this.#queues.set(messageId, queue);
    this.timers.set(this.#timerOf(messageId), this.limits.reassemblyMs, () =>
      this.forget(messageId),
    );
    return queue;
  }

  #isTooMuch({ total, bytes }: Queue): boolean {
    const { maxFragments, maxReassembledBytes } = this.limits;
    return total > maxFragments || bytes > maxReassembledBytes;
  }
}
