/**
 * Wishes for tunnels: over an IKE SA that stands with the same peer where there is one (OE-67),
 * behind one that is being made, or with a new one. Each wish has its patience, and nothing that
 * anybody could forge ends it earlier (OE-45, OE-147).
 */

import { hostPrefix } from '../net/address.js';
import type { Unreachable } from '../net/network.js';
import { wouldAccept } from './accepted.js';
import { Attempt, type AttemptResult, wishKey } from './attempt.js';
import type { IkeContext } from './context.js';
import type { PeerWish, TunnelFailure, TunnelResult, TunnelWish } from './daemon.js';
import { startChild } from './exchanges/create-child-initiator.js';
import { startInit } from './exchanges/ike-sa-init-initiator.js';
import { sameIdentity } from './identity.js';
import type { IkeSa } from './ike-sa.js';
import { holdPeer, type IkePeerResult } from './peer.js';
import { giveUp } from './sa-life.js';
import { IKE_PORT } from './transport.js';

const counterOf = {
  silent: 'attempts silent',
  refused: 'attempts refused',
  signature: 'attempts with bad signature',
  internal: 'attempts failed inside',
} as const;

/**
 * Is the proven peer of this SA one that the wish would have accepted? `hasJudged`: its certificate was
 * shown to the wish's own judge.
 */
function suits({ peer }: Pick<IkeSa, 'peer'>, wish: TunnelWish, hasJudged = false): boolean {
  const { identity } = wish;
  if (!peer || (identity && !sameIdentity(identity, peer.identity))) return false;
  return (hasJudged && peer.proof === 'unverified certificate') || wouldAccept(wish, peer);
}

const internal = (why: string): { ok: false; failure: TunnelFailure } => ({
  ok: false,
  failure: { kind: 'internal', why },
});

const isUsable = (sa: IkeSa): boolean =>
  sa.state === 'ESTABLISHED' && !sa.isDoubtful && sa.children.size < sa.mostChildren;

const isBeingMade = (sa: IkeSa): boolean =>
  sa.role === 'initiator' && (sa.state === 'INIT_SENT' || sa.state === 'AUTH_SENT');

/** Its heir will serve the wish. */
const isChanging = (sa: IkeSa): boolean => sa.state === 'REKEYING' && !sa.isDoubtful;

export class Attempts {
  readonly #pending = new Map<string, Attempt>();

  constructor(private readonly ctx: IkeContext) {}

  /** Never rejects. */
  async connect(wish: TunnelWish): Promise<TunnelResult> {
    const result = await this.#begin(wish, false);
    return 'sa' in result ? internal('an IKE SA came instead of a tunnel') : result;
  }

  /** An IKE SA alone (RFC 6023): the one that stands with this peer, or a new one. Never rejects. */
  async open(wish: PeerWish): Promise<IkePeerResult> {
    const { local, remote } = wish;
    const result = await this.#begin(
      { ...wish, ours: hostPrefix(local), theirs: hostPrefix(remote) },
      true,
    );
    if (!result.ok) return result;
    return 'sa' in result
      ? { ok: true, peer: holdPeer(this.ctx, result.sa) }
      : internal('a tunnel came instead of an IKE SA');
  }

  #begin(wish: TunnelWish, isChildless: boolean): Promise<AttemptResult> {
    const key = wishKey(wish, isChildless);
    const same = this.#pending.get(key);
    if (same) return this.#share(same, wish);
    const over = (attempt: Attempt, waitedMs: number) => this.#outOfPatience(attempt, waitedMs);
    const attempt = new Attempt(wish, this.ctx, over, isChildless);
    if (this.ctx.isStopping) {
      attempt.fail('internal', 'the service is stopping');
      return attempt.result;
    }
    this.#pending.set(key, attempt);
    void attempt.result.then((result) => this.#ended(attempt, result));
    this.dispatch(attempt);
    return attempt.result;
  }

  /**
   * A wish for what somebody wishes for already (SP-3). What comes of that is for it too, unless it would
   * not have taken this peer: then it has its own turn.
   */
  async #share(attempt: Attempt, wish: TunnelWish): Promise<AttemptResult> {
    const result = await attempt.result;
    if (!result.ok) return result;
    const peer = 'sa' in result ? result.sa.peer : result.tunnel.peer;
    const { judgeUnverified } = wish;
    const hasJudged = !!judgeUnverified && judgeUnverified === attempt.wish.judgeUnverified;
    return suits({ peer }, wish, hasJudged) ? result : this.#begin(wish, attempt.isChildless);
  }

  /** Finds the best way for a wish; also for one whose IKE SA came to nothing. */
  dispatch(attempt: Attempt): void {
    const { ctx } = this;
    const { local, remote, isAlone } = attempt.wish;
    const sas = isAlone ? [] : ctx.sas.withPeer(local, remote).filter((sa) => !sa.isAlone);
    const standing = sas.findLast((sa) => isUsable(sa) && suits(sa, attempt.wish));
    const making = sas.find(
      (sa) =>
        sa !== attempt.home && (isBeingMade(sa) || (isChanging(sa) && suits(sa, attempt.wish))),
    );
    // It was in doubt for a while, and its answer may come yet.
    if (standing && attempt.askedIn.has(standing)) attempt.enter('ASKED', standing);
    else if (standing && attempt.isChildless) attempt.stands(standing);
    else if (standing) startChild(ctx, standing, attempt);
    else if (making) {
      attempt.enter('CALLING', making);
      making.waiting.push(attempt);
    } else this.#startFresh(attempt);
  }

  /** Wishes that hope for this IKE SA look for another way; an answer that comes yet is welcome. */
  doubt(sa: IkeSa): void {
    sa.isDoubtful = true;
    for (const attempt of [...this.#pending.values()])
      if (attempt.home === sa && attempt.stage !== 'INSTALLING') this.dispatch(attempt);
  }

  /** ICMP and its like: easily forged, so it explains and does not decide (OE-147, SP-39). */
  unreachable(event: Unreachable): void {
    this.ctx.counters.count('unreachable hints');
    const what = event.icmp
      ? `unreachable, ICMP type ${event.icmp.type} code ${event.icmp.code}`
      : `unreachable, errno ${event.errno}`;
    for (const attempt of this.#pending.values())
      if (attempt.wish.remote === event.peer.address) attempt.hint = what;
  }

  /** Ends all with the same words. */
  stop(why: string): void {
    for (const attempt of this.#pending.values()) attempt.fail('internal', why);
  }

  #startFresh(attempt: Attempt): void {
    if (attempt.isDone) return;
    if (this.ctx.sas.size >= this.ctx.limits.maxSas)
      attempt.fail('internal', `${this.ctx.sas.size} IKE SAs are the limit`);
    else attempt.enter('CALLING', startInit(this.ctx, attempt));
  }

  #outOfPatience(attempt: Attempt, waitedMs: number): void {
    const { stage, home } = attempt;
    const seconds = Math.round(waitedMs / 1000);
    const hint = attempt.hint ? ` (hint: ${attempt.hint})` : '';
    if (stage === 'INSTALLING')
      attempt.fail('internal', `agreed, but not in the kernel within ${seconds} s`);
    else if (stage === 'QUEUED')
      attempt.fail('silent', `too slow with others of ours to be asked within ${seconds} s${hint}`);
    else if (stage === 'ASKED')
      attempt.fail('refused', `no answer about the tunnel within ${seconds} s${hint}`);
    else if (home?.state === 'AUTH_SENT')
      attempt.fail('silent', `answered IKE_SA_INIT, then silent for ${seconds} s${hint}`);
    else {
      const where = `UDP port ${IKE_PORT} of ${attempt.wish.remote}`;
      attempt.fail('silent', `no answer from ${where} within ${seconds} s; filtered?${hint}`);
    }
  }

  /** The IKE SA that is being made for a wish goes with it; others that wait for it are handed out. */
  #abandon(attempt: Attempt): void {
    const { local, remote } = attempt.wish;
    for (const sa of this.ctx.sas.withPeer(local, remote))
      if (sa.attempt === attempt && isBeingMade(sa)) giveUp(this.ctx, sa, 'nobody waits for it');
  }

  #ended(attempt: Attempt, result: AttemptResult): void {
    this.#pending.delete(wishKey(attempt.wish, attempt.isChildless));
    this.#abandon(attempt);
    if (result.ok) return;
    const { kind, why } = result.failure;
    this.ctx.counters.count(counterOf[kind]);
    this.ctx.log.debug(`no tunnel with ${attempt.wish.remote}: ${kind}, ${why}`);
  }
}
