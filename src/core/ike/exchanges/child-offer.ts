/** A Child SA that we asked for, in IKE_AUTH or CREATE_CHILD_SA, and the answer to it. */
import type { Attempt } from '../attempt.js';
import { type ChildTerms, spiNumber } from '../child.js';
import { endChild, installChild } from '../child-life.js';
import type { IkeContext } from '../context.js';
import type { IkeSa, KeyExchange } from '../ike-sa.js';
import { find } from '../payloads/payload.js';
import type { Proposal } from '../payloads/sa.js';
import { type ChildSuite, chooseEsp, isFromOffer } from '../proposals/choose.js';
import { answeredShape, type OfferedShape } from './child-traffic.js';
import type { Received } from './common.js';
import { deleteChild, deleteSpi, idleWatch } from './informational.js';

export interface Offer {
  spiIn: number;
  proposals: readonly Proposal[];
  shape: OfferedShape;
  ni: Uint8Array;
  /** Ours, in CREATE_CHILD_SA (OE-98). */
  keyExchange: KeyExchange | undefined;
  inIkeAuth: boolean;
}

/** For a wish; without one it is a rekey. */
export interface ChildOffer extends Offer {
  attempt: Attempt;
}

/** What the answer settles, or what is wrong with it. */
type Outcome = { ok: true; terms: ChildTerms } | { ok: false; why: string };

function suiteOf(
  ctx: IkeContext,
  offer: Offer,
  message: Received,
): { suite: ChildSuite; spiOut: number } | undefined {
  const { proposals } = find(message.payloads, 'SA')!;
  if (!isFromOffer(offer.proposals, proposals)) return undefined;
  const keGroup = offer.keyExchange?.group.id;
  const choice = chooseEsp(proposals, keGroup, offer.inIkeAuth, ctx.preferences);
  if (!choice || choice.suite.group?.id !== keGroup) return undefined;
  return { suite: choice.suite, spiOut: spiNumber(choice.from.spi) };
}

export function readAnswer(
  ctx: IkeContext,
  offer: Offer,
  message: Received,
  nr: Uint8Array,
): Outcome {
  const chosen = suiteOf(ctx, offer, message);
  if (!chosen) return { ok: false, why: 'its answer is no choice from our offer' };
  const answered = answeredShape(offer.shape, message.payloads);
  if (!answered.ok) return answered;
  const { keyExchange, ni, spiIn } = offer;
  const ke = find(message.payloads, 'KE');
  const shared = ke && keyExchange?.pair.shared(ke.data);
  if (keyExchange && (!shared || ke.group !== keyExchange.group.id))
    return { ok: false, why: 'its KE payload is missing or no member of the group' };
  return {
    ok: true,
    terms: { role: 'initiator', ...chosen, ni, nr, shared, spiIn, ...answered.shape },
  };
}

/** Installs what the answer settles and fulfils the wish; or fails it and tells the peer. */
export async function finishChild(
  ctx: IkeContext,
  sa: IkeSa,
  offer: ChildOffer,
  message: Received,
  nr: Uint8Array,
): Promise<void> {
  const { attempt } = offer;
  if (attempt.isDone || attempt.stage === 'INSTALLING') {
    // Its patience ended, or another IKE SA was faster.
    deleteSpi(ctx, sa, offer.spiIn);
    return;
  }
  attempt.enter('INSTALLING', sa);
  const outcome = readAnswer(ctx, offer, message, nr);
  if (!outcome.ok) {
    attempt.fail('refused', outcome.why);
    deleteSpi(ctx, sa, offer.spiIn);
    return;
  }
  const isDeleted = sa.earlyDeletes.delete(outcome.terms.spiOut);
  const child = await installChild(ctx, sa, outcome.terms);
  if (!child?.tunnel) {
    attempt.fail('internal', 'the tunnel could not be installed');
    deleteSpi(ctx, sa, offer.spiIn);
    return;
  }
  ctx.counters.count('tunnels as initiator');
  if (attempt.isDone) {
    await deleteChild(ctx, child, 'deleted by us');
    return;
  }
  attempt.succeed(child.tunnel);
  // The peer's delete has overtaken its answer.
  if (isDeleted) await endChild(ctx, child, 'deleted by peer');
  idleWatch(ctx, sa);
}
