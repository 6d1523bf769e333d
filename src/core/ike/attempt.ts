/** One wish for a tunnel on its way to an end, which comes exactly once. */
import { formatPrefix } from '../net/address.js';
import type { Clock, Timers } from '../platform/platform.js';
import type { Tunnel, TunnelFailure, TunnelResult, TunnelWish } from './daemon.js';
import type { IkeSa } from './ike-sa.js';
import { Patience } from './patience.js';

/** Wishes with equal keys are one wish (SP-3). */
export const wishKey = (wish: TunnelWish, isChildless = false): string =>
  [
    wish.local,
    wish.remote,
    ...(isChildless ? ['itself'] : [formatPrefix(wish.ours), formatPrefix(wish.theirs)]),
    ...(wish.traffic || wish.mode ? [JSON.stringify([wish.traffic, wish.mode])] : []),
    ...(wish.isAlone ? ['alone'] : []),
  ].join(' ');

/** What was wished for, or why there is nothing. */
export type AttemptResult = TunnelResult | { ok: true; sa: IkeSa };

export type Stage =
  /** An IKE SA is being made, for this wish or another. */
  | 'CALLING'
  /** The IKE SA stands; others have their turn before. */
  | 'QUEUED'
  /** The peer was asked for the tunnel itself, under the protection of an IKE SA. */
  | 'ASKED'
  /** It has answered. */
  | 'INSTALLING';

export class Attempt {
  readonly result: Promise<AttemptResult>;
  /** What an unprotected message or ICMP said: never a verdict, only an explanation (OE-45). */
  hint: string | undefined;
  /** IKE SAs in which it is asked for at this moment. */
  readonly askedIn = new Set<IkeSa>();
  /** How often the peer has answered that it can not do it now. */
  putOffs = 0;
  #stage: Stage = 'CALLING';
  #home: IkeSa | undefined;
  readonly #patience: Patience;
  #resolve!: (result: AttemptResult) => void;
  #isDone = false;

  constructor(
    readonly wish: TunnelWish,
    env: { clock: Clock; timers: Timers },
    outOfPatience: (attempt: Attempt, waitedMs: number) => void,
    /** An IKE SA alone is wished for (RFC 6023). */
    readonly isChildless = false,
  ) {
    this.#patience = new Patience(env, wish.patienceMs, {
      goesOn: (sinceMs) => this.#goesOn(sinceMs),
      over: (waitedMs) => outOfPatience(this, waitedMs),
    });
    this.result = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  get stage(): Stage {
    return this.#stage;
  }

  /** The IKE SA whose next answer may decide about it. */
  get home(): IkeSa | undefined {
    return this.#home;
  }

  /** Patience begins anew, but not for a peer that was asked and has not answered. */
  enter(stage: Stage, home: IkeSa): void {
    if (stage !== this.#stage && this.#stage !== 'ASKED') this.#patience.restart();
    this.#stage = stage;
    this.#home = home;
  }

  succeed(tunnel: Tunnel): void {
    this.#end({ ok: true, tunnel });
  }

  /** The end of a wish for an IKE SA alone. */
  stands(sa: IkeSa): void {
    this.#end({ ok: true, sa });
  }

  fail(kind: TunnelFailure['kind'], why: string): void {
    this.#end({ ok: false, failure: { kind, why } });
  }

  /** In line behind others, while these are answered; or with us alone. */
  #goesOn(sinceMs: number): boolean {
    if (this.#stage === 'QUEUED') return this.#home!.heardMs > sinceMs;
    return this.#stage === 'INSTALLING';
  }

  #end(result: AttemptResult): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#patience.stop();
    this.#resolve(result);
  }
}
