/** One wish for a tunnel on its way to an end, which comes exactly once. */
import { formatPrefix } from '../net/address.js';
import type { Tunnel, TunnelFailure, TunnelResult, TunnelWish } from './daemon.js';

/** Wishes with equal keys are one wish (SP-3). */
export const wishKey = (wish: TunnelWish): string =>
  [wish.local, wish.remote, formatPrefix(wish.ours), formatPrefix(wish.theirs)].join(' ');

export class Attempt {
  readonly result: Promise<TunnelResult>;
  /** What an unprotected message or ICMP said: never a verdict, only an explanation (OE-45). */
  hint: string | undefined;
  /** The peer was asked for the tunnel itself, under the protection of an IKE SA. */
  isAsked = false;
  #resolve!: (result: TunnelResult) => void;
  #isDone = false;

  constructor(readonly wish: TunnelWish) {
    this.result = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  succeed(tunnel: Tunnel): void {
    this.#end({ ok: true, tunnel });
  }

  fail(kind: TunnelFailure['kind'], why: string): void {
    this.#end({ ok: false, failure: { kind, why } });
  }

  #end(result: TunnelResult): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#resolve(result);
  }
}
