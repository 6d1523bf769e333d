/**
 * Requests of ours within one IKE SA (RFC 7296 §2.1, §2.3): as many at once as the peer takes, the
 * others wait for their turn. Each is sent again, byte for byte the same, until it is answered or its
 * schedule ends. Answers come in any order, but the oldest request without one holds the window.
 * With a size of 4:
 *
 *   message ID   3   4   5   6   7   8   9  10      ✓ answered   … out   - waits, has no ID yet
 *                ✓   ✓   …   ✓   …   …   -   -
 *                        └── may be out ─┘          9 goes when 5 is answered
 *
 * Until both ends are proven the size is one: IKE_SA_INIT and IKE_AUTH are alone.
 */

import type { Clock, Timer, Timers } from '../platform/platform.js';
import type { Payload } from './payloads/payload.js';
import { LONGEST_PAUSE_MS, type Schedule } from './schedule.js';
import type { Sealed } from './sealed.js';

/** Sendings without an answer before a message is cut into smaller pieces. */
const SENDINGS_OF_A_SIZE = 3;

/** A request that waits for its turn or its answer. */
export interface Request {
  /** IANA "IKEv2 Exchange Types". */
  exchange: number;
  schedule: Schedule;
  /** Deletes the IKE SA: overtakes those that wait, and nothing is sent after it. */
  isLast?: boolean;
  /** Deletes tunnels. */
  isClosing?: boolean;
  /** The only one of its kind of exchange: waits for the others of it, and keeps them waiting. */
  isAlone?: boolean;
  /** Asked when its turn has come; without a wish behind it any more it is passed over. */
  isWanted?(): boolean;
  /** Its turn came, and it was not wanted. */
  passedOver?(): void;
  /** The message, when its turn and its message ID have come. */
  build(messageId: number): Sealed;
  /** An answer that fits a row of the table; for exchanges whose rows hand it back here. */
  answered?(payloads: readonly Payload[]): void;
  /** The schedule ended without an answer, or the IKE SA did. */
  gaveUp(): void;
  /** Told before each repetition with the number of sendings so far. */
  repeated?(sendings: number): void;
  /** Inbound SPI of the Child SA that it offers: a fresh daemon deletes what the answer makes of it. */
  offeredSpi?(): number;
  /** What is needed to understand the answer to a rekey of the IKE SA. */
  rekey?(): SavedRekey;
}

/** What we offered in a rekey of the IKE SA. */
export interface SavedRekey {
  spiOwn: Uint8Array;
  ni: Uint8Array;
  group: number;
  /** See `KeyPair`. */
  drawn: Uint8Array[];
}

/** A request that was out when the daemon ended. */
export interface SavedRequest {
  messageId: number;
  exchange: number;
  datagrams: Uint8Array[];
  isLast: boolean;
  offeredSpi: number | undefined;
  rekey: SavedRekey | undefined;
}

export interface SavedRequests {
  size: number;
  nextId: number;
  out: SavedRequest[];
}

interface Pending {
  readonly request: Request;
  readonly messageId: number;
  readonly sentMs: number;
  sealed: Sealed;
  sendings: number;
  repetition?: Timer | undefined;
}

export interface WindowEnvironment {
  clock: Clock;
  timers: Timers;
  transmit(bytes: Uint8Array, isRepetition: boolean): void;
  /** 0 or more milliseconds to add to a pause, so that many daemons do not beat in step. */
  jitterMs(pauseMs: number): number;
}

export class RequestWindow {
  #size = 1;
  #nextId = 0;
  /** By message ID, oldest first. */
  readonly #out = new Map<number, Pending>();
  #waiting: Request[] = [];
  /** How long answers take, the latest counting half. */
  #answerMs = 0;
  #isLastOut = false;
  #isStopped = false;

  constructor(private readonly env: WindowEnvironment) {}

  /** The request that is out, when `messageId` and `exchange` are its own. */
  pending(messageId: number, exchange: number): Request | undefined {
    const pending = this.#out.get(messageId);
    return pending?.request.exchange === exchange ? pending.request : undefined;
  }

  /** A request of this kind is out. */
  isOut(exchange: number): boolean {
    return [...this.#out.values()].some(({ request }) => request.exchange === exchange);
  }

  /** A delete of tunnels is out, or waits for its turn. */
  get isClosing(): boolean {
    const out = [...this.#out.values()].map(({ request }) => request);
    return [...out, ...this.#waiting].some(({ isClosing }) => isClosing);
  }

  get isIdle(): boolean {
    return this.#out.size === 0 && this.#waiting.length === 0;
  }

  /** What the peer takes at once, from now on. What is out stays out when that is less than before. */
  resize(size: number): void {
    this.#size = Math.max(1, size);
    this.#advance();
  }

  send(request: Request): void {
    if (this.#isStopped) {
      request.gaveUp();
      return;
    }
    if (request.isLast) this.#waiting.unshift(request);
    else this.#waiting.push(request);
    this.#advance();
  }

  /** Sends a request that is out once more with new content and the same ID (COOKIE, INVALID_KE). */
  rebuild(messageId: number): void {
    const pending = this.#out.get(messageId);
    if (!pending) return;
    pending.sealed = pending.request.build(messageId);
    pending.sendings = 0;
    this.#transmit(pending);
  }

  /** The request has its answer; another one may go. */
  complete(messageId: number): void {
    const pending = this.#out.get(messageId);
    if (pending) this.#answerMs = (this.#answerMs + this.#now() - pending.sentMs) / 2;
    this.#forget(messageId);
    this.#advance();
  }

  /** What another run of the daemon needs to go on. What waits has no message ID yet and is left out. */
  save(): SavedRequests {
    const out = [...this.#out.values()].map(({ request, messageId, sealed }) => ({
      messageId,
      exchange: request.exchange,
      datagrams: [...sealed.datagrams],
      isLast: request.isLast === true,
      offeredSpi: request.offeredSpi?.(),
      rekey: request.rekey?.(),
    }));
    return { size: this.#size, nextId: this.#nextId, out };
  }

  /** Takes over from an earlier run; `resume` sends what was out. `of`: what follows its answer. */
  restore({ size, nextId, out }: SavedRequests, of: (saved: SavedRequest) => Request): void {
    this.#size = size;
    this.#nextId = nextId;
    const sentMs = this.#now();
    for (const saved of out) {
      const { messageId, datagrams } = saved;
      const request = of(saved);
      this.#out.set(messageId, { request, messageId, sentMs, sealed: { datagrams }, sendings: 0 });
      if (saved.isLast) this.#isLastOut = true;
    }
  }

  /** Sends again what was out, byte for byte. */
  resume(): void {
    for (const pending of [...this.#out.values()]) this.#transmit(pending, true);
  }

  /** Nothing more is sent; whoever waits is told. */
  stop(): void {
    this.#isStopped = true;
    const left = [...[...this.#out.values()].map(({ request }) => request), ...this.#waiting];
    for (const messageId of [...this.#out.keys()]) this.#forget(messageId);
    this.#waiting = [];
    for (const request of left) request.gaveUp();
  }

  #now(): number {
    return this.env.clock.monotonicMs();
  }

  get #hasRoom(): boolean {
    if (this.#isLastOut || this.#isStopped) return false;
    const [oldest = this.#nextId] = this.#out.keys();
    return this.#nextId < oldest + this.#size;
  }

  #forget(messageId: number): void {
    this.#out.get(messageId)?.repetition?.cancel();
    this.#out.delete(messageId);
  }

  #advance(): void {
    while (this.#hasRoom) {
      const at = this.#waiting.findIndex((one, i) => !this.#mustWait(one, i));
      const [request] = at < 0 ? [] : this.#waiting.splice(at, 1);
      if (!request) return;
      if (request.isWanted?.() === false) request.passedOver?.();
      else this.#start(request);
    }
  }

  /** For one that is alone, or because it is. */
  #mustWait(request: Request, at: number): boolean {
    const sameKind = (one: Request) => one.exchange === request.exchange;
    const out = [...this.#out.values()].map((each) => each.request).filter(sameKind);
    const before = this.#waiting.slice(0, at).filter(sameKind);
    if (request.isAlone) return out.length > 0;
    return [...out, ...before].some(({ isAlone }) => isAlone);
  }

  #start(request: Request): void {
    this.#isLastOut = request.isLast === true;
    const messageId = this.#nextId++;
    const sentMs = this.#now();
    const sealed = request.build(messageId);
    const pending = { request, messageId, sentMs, sealed, sendings: 0 };
    this.#out.set(messageId, pending);
    this.#transmit(pending);
  }

  #transmit(pending: Pending, isRepetition = pending.sendings > 0): void {
    pending.sendings++;
    for (const bytes of pending.sealed.datagrams) this.env.transmit(bytes, isRepetition);
    const pause = pending.request.schedule(pending.sendings);
    pending.repetition?.cancel();
    if (pause === undefined) return;
    const longer = this.#atLeastTwiceAnAnswer(pause);
    const delayMs = longer + this.env.jitterMs(longer);
    pending.repetition = this.env.timers.after(delayMs, () => this.#repeat(pending));
  }

  /** A peer under load, or with slow DNS, is not asked more often than it can answer. */
  #atLeastTwiceAnAnswer(pauseMs: number): number {
    return Math.max(pauseMs, Math.min(2 * this.#answerMs, LONGEST_PAUSE_MS));
  }

  #repeat(pending: Pending): void {
    const { request, messageId, sendings } = pending;
    // The pause after the last sending is over as well, so the answer will not come.
    if (request.schedule(sendings + 1) === undefined) {
      this.#forget(messageId);
      request.gaveUp();
      this.#advance();
      return;
    }
    request.repeated?.(sendings);
    if (!this.#out.has(messageId)) return;
    if (sendings >= SENDINGS_OF_A_SIZE) this.#shrink(pending);
    this.#transmit(pending);
  }

  /** Perhaps large datagrams do not get through. RFC 7383 §2.5.2: its pauses begin anew. */
  #shrink(pending: Pending): void {
    const smaller = pending.sealed.smaller?.();
    if (!smaller) return;
    pending.sealed = smaller;
    pending.sendings = 0;
  }
}
