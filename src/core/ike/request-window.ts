/**
 * Requests of ours within one IKE SA (RFC 7296 §2.1, §2.3): one at a time, the others wait; each is
 * sent again, byte for byte the same, until it is answered or its schedule ends.
 */

import type { Timers } from '../platform/platform.js';
import { NamedTimers } from './named-timers.js';
import type { Payload } from './payloads/payload.js';
import type { Schedule } from './schedule.js';

/** A request that waits for its turn or its answer. */
export interface Request {
  /** IANA "IKEv2 Exchange Types". */
  exchange: number;
  schedule: Schedule;
  /** The message, when its turn and its message ID have come. */
  build(messageId: number): Uint8Array;
  /** An answer that fits a row of the table; for exchanges whose rows hand it back here. */
  answered?(payloads: readonly Payload[]): void;
  /** The schedule ended without an answer, or the IKE SA did. */
  gaveUp(): void;
  /** Told before each repetition with the number of sendings so far. */
  repeated?(sendings: number): void;
}

interface Pending {
  request: Request;
  messageId: number;
  bytes: Uint8Array;
  sendings: number;
}

export interface WindowEnvironment {
  timers: Timers;
  transmit(bytes: Uint8Array, isRepetition: boolean): void;
  /** 0 or more milliseconds to add to a pause, so that many daemons do not beat in step. */
  jitterMs(pauseMs: number): number;
}

export class RequestWindow {
  #nextId = 0;
  #pending: Pending | undefined;
  readonly #waiting: Request[] = [];
  readonly #timers: NamedTimers;
  #isStopped = false;

  constructor(private readonly env: WindowEnvironment) {
    this.#timers = new NamedTimers(env.timers);
  }

  /** The request that is out, when `messageId` and `exchange` are its own. */
  pending(messageId: number, exchange: number): Request | undefined {
    const pending = this.#pending;
    return pending?.messageId === messageId && pending.request.exchange === exchange
      ? pending.request
      : undefined;
  }

  get isIdle(): boolean {
    return !this.#pending && this.#waiting.length === 0;
  }

  send(request: Request): void {
    if (this.#isStopped) {
      request.gaveUp();
      return;
    }
    this.#waiting.push(request);
    this.#advance();
  }

  /** Sends the pending request once more with new content and the same ID (COOKIE, INVALID_KE). */
  rebuild(): void {
    const pending = this.#pending;
    if (!pending) return;
    pending.bytes = pending.request.build(pending.messageId);
    pending.sendings = 0;
    this.#transmit(pending);
  }

  /** The pending request has its answer; the next one may go. */
  complete(): void {
    this.#timers.cancel('repeat');
    this.#pending = undefined;
    this.#advance();
  }

  /** Nothing more is sent; whoever waits is told. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#timers.cancelAll();
    const left = [...(this.#pending ? [this.#pending.request] : []), ...this.#waiting];
    this.#pending = undefined;
    this.#waiting.length = 0;
    for (const request of left) request.gaveUp();
  }

  #advance(): void {
    if (this.#pending || this.#isStopped) return;
    const request = this.#waiting.shift();
    if (!request) return;
    const messageId = this.#nextId++;
    const bytes = request.build(messageId);
    this.#pending = { request, messageId, bytes, sendings: 0 };
    this.#transmit(this.#pending);
  }

  #transmit(pending: Pending): void {
    pending.sendings++;
    this.env.transmit(pending.bytes, pending.sendings > 1);
    const pause = pending.request.schedule(pending.sendings);
    if (pause !== undefined)
      this.#timers.set('repeat', pause + this.env.jitterMs(pause), () => this.#repeat(pending));
  }

  #repeat(pending: Pending): void {
    if (this.#pending !== pending) return;
    // The pause after the last sending is over as well, so the answer will not come.
    if (pending.request.schedule(pending.sendings + 1) === undefined) {
      this.#pending = undefined;
      pending.request.gaveUp();
      this.#advance();
      return;
    }
    pending.request.repeated?.(pending.sendings);
    if (this.#pending === pending) this.#transmit(pending);
  }
}
