/** A Child SA that a peer asks for, in IKE_AUTH or CREATE_CHILD_SA, and our answer to it. */
import { formatPrefix } from '../../net/address.js';
import { type Child, type ChildTerms, spiBytes, spiNumber } from '../child.js';
import { type Elders, freshChildSpi, installChild } from '../child-life.js';
import type { IkeContext } from '../context.js';
import type { ProvenPeer } from '../credentials.js';
import { sameIdentity } from '../identity.js';
import type { IkeSa } from '../ike-sa.js';
import { isSamePeer } from '../initial-contact.js';
import { pairsOf, type SelectorPair } from '../narrowing.js';
import { find, notifyPayload, type Payload } from '../payloads/payload.js';
import { answerProposal, type ChildSuite, type Choice, chooseEsp } from '../proposals/choose.js';
import { NotifyType, notifyName } from '../registries/notifies.js';
import { type HostPair, isEverything, narrow } from '../selectors.js';
import { withinTime } from '../within-time.js';
import {
  isSameShape,
  type Shape,
  shapeOfChild,
  shapePayloads,
  takenShape,
} from './child-traffic.js';
import type { Received } from './common.js';
import { mayBeRekeyed, takePlace } from './takeover.js';

/** What the exchange brings beside the request itself. */
export interface ChildContext {
  ni: Uint8Array;
  nr: Uint8Array;
  /** g^ir where the request had a KE payload that we take. */
  shared?: Uint8Array | undefined;
  /** INITIAL_CONTACT came with it: whatever we have with this peer, it has not (RFC 7296 §2.4). */
  isInitialContact?: boolean;
}

export type ChildAnswer =
  | { ok: true; child: Child; payloads: Payload[] }
  /** `payloads`: the error notify. */
  | { ok: false; why: string; payloads: Payload[] };

const refuse = (type: number, why: string): ChildAnswer => ({
  ok: false,
  why: `${notifyName(type)}: ${why}`,
  payloads: [notifyPayload(type)],
});

/** Asked before the owner is, and again afterwards: several requests are in work at once. */
const refusalOfMore = (
  ctx: IkeContext,
  { children }: IkeSa,
  old: Child | undefined,
): ChildAnswer | undefined =>
  !old && children.size >= ctx.limits.maxChildrenPerSa
    ? refuse(NotifyType.NO_ADDITIONAL_SAS, `${children.size} tunnels with it already`)
    : undefined;

/** The traffic that a request is about, as far as we take it. */
export function wantedPair(sa: IkeSa, { payloads }: Received): HostPair | undefined {
  const [tsi, tsr] = [find(payloads, 'TSi'), find(payloads, 'TSr')];
  const gateways = { theirs: sa.path.remote.address, ours: sa.path.local.address };
  return tsi && tsr && narrow(tsi.selectors, tsr.selectors, gateways);
}

/** What both ends have agreed on, before the owner is asked. */
export interface Agreed {
  choice: Choice<ChildSuite>;
  shape: Shape;
}

/** What the request asks for, as far as we take it, or the refusal. `old`: what it rekeys. */
export function agree(
  ctx: IkeContext,
  sa: IkeSa,
  message: Received,
  inIkeAuth: boolean,
  old?: Child,
): Agreed | ChildAnswer {
  const tooMany = refusalOfMore(ctx, sa, old);
  if (tooMany) return tooMany;
  const { proposals } = find(message.payloads, 'SA')!;
  const keGroup = find(message.payloads, 'KE')?.group;
  const choice = chooseEsp(proposals, keGroup, inIkeAuth, ctx.preferences);
  if (!choice) {
    ctx.counters.count('no proposal chosen');
    return refuse(NotifyType.NO_PROPOSAL_CHOSEN, 'no proposal for ESP that is good enough');
  }
  const taken = takenShape(ctx, sa, message.payloads, old?.sa);
  return taken.ok ? { choice, shape: taken.shape } : refuse(taken.type, taken.why);
}

interface Refusal {
  /** Notify. */
  type: number;
  why: string;
}

/** Owner and extensions; one no is a no. */
async function refusalOf(
  ctx: IkeContext,
  sa: IkeSa,
  pair: SelectorPair,
  isRekey: boolean,
): Promise<Refusal | undefined> {
  const theirs = pair.theirs.prefix;
  const ours = pair.ours.prefix;
  const { local, remote } = sa.path;
  const claim = {
    address: remote.address,
    local: local.address,
    ...sa.peer!,
    theirs,
    ours,
    isWholePair: isEverything(pair.ours) && isEverything(pair.theirs),
    isBehindNat: sa.nat.peer,
    isRekey,
    facts: sa.facts,
  };
  const asked = Promise.all([
    ctx.owner.authorize(claim),
    ctx.extensions.authorize(sa, theirs, ours),
  ]);
  const { TEMPORARY_FAILURE, TS_UNACCEPTABLE } = NotifyType;
  try {
    const answers = await withinTime(ctx.timers, ctx.limits.ownerMs, asked);
    if (!answers) return { type: TEMPORARY_FAILURE, why: 'authorization took too long' };
    const no = answers.find((answer) => !answer.ok);
    if (!no || no.ok) return undefined;
    return { type: no.isOurFault ? TEMPORARY_FAILURE : TS_UNACCEPTABLE, why: no.why };
  } catch (error) {
    ctx.log.error(`authorization of ${remote.address}: ${String(error)}`);
    return { type: TEMPORARY_FAILURE, why: 'internal error' };
  }
}

/** With nobody in particular, nothing is lost to another nobody at the same address. */
const areAnonymous = (one: ProvenPeer, other: ProvenPeer): boolean =>
  one.proof === 'null' && other.proof === 'null' && sameIdentity(one.identity, other.identity);

/**
 * A peer may have two tunnels for the same traffic for a moment, and one of them goes when both ends
 * have both; which one is seen later. Until then nothing is sent that the peer can not read.
 *
 * One that takes us for dead asks once more, with a fresh IKE SA: the second is taken for a rekey of the
 * first. One that called us while we called it has ours before we have: the other is only received with.
 */
function eldersOf(ctx: IkeContext, sa: IkeSa, shape: Shape): Elders {
  const twins = twinsOf(ctx, sa, shape);
  const of = (role: Child['role']) => twins.find((child) => child.role === role);
  const replaces = of('responder');
  return replaces ? { replaces, isTwin: true } : { crosses: of('initiator') };
}

/** The peer had ours before it answered, so that the kernel may still be at it. */
const isStanding = (child: Child): boolean =>
  mayBeRekeyed(child) || (child.role === 'initiator' && child.state === 'INSTALLING');

function twinsOf(ctx: IkeContext, sa: IkeSa, shape: Shape): Child[] {
  const { local, remote } = sa.path;
  const isTwin = (child: Child): boolean =>
    ctx.clock.monotonicMs() - child.sinceMs < ctx.limits.twinMs &&
    isSameShape(shapeOfChild(child.sa), shape) &&
    isStanding(child);
  return ctx.sas
    .withPeer(local.address, remote.address)
    .filter(({ peer }) => peer && (isSamePeer(peer, sa.peer!) || areAnonymous(peer, sa.peer!)))
    .flatMap(({ children }) => [...children])
    .filter(isTwin);
}

/** One pair that may not be had is a refusal of all: what the owner allows at all was asked before. */
async function refusalOfAny(
  ctx: IkeContext,
  sa: IkeSa,
  { traffic }: Shape,
  isRekey: boolean,
): Promise<Refusal | undefined> {
  const pairs = pairsOf(traffic);
  const refusals = await Promise.all(pairs.map((pair) => refusalOf(ctx, sa, pair, isRekey)));
  const index = refusals.findIndex((one) => one !== undefined);
  const [no, pair] = [refusals[index], pairs[index]];
  if (!no || !pair) return undefined;
  const name = `${formatPrefix(pair.theirs.prefix)} to ${formatPrefix(pair.ours.prefix)}`;
  return { type: no.type, why: `${name}: ${no.why}` };
}

/** Authorizes and installs; the answer may leave when this resolves (OE-65). */
export async function makeChild(
  ctx: IkeContext,
  sa: IkeSa,
  terms: Agreed,
  context: ChildContext,
  old?: Child,
): Promise<ChildAnswer> {
  const { choice, shape } = terms;
  const no = await refusalOfAny(ctx, sa, shape, old !== undefined);
  if (no) return refuse(no.type, no.why);
  if (sa.state === 'GONE' || sa.state === 'REKEYED')
    return refuse(NotifyType.TEMPORARY_FAILURE, 'the IKE SA is gone');
  if (old && !mayBeRekeyed(old))
    return refuse(NotifyType.TEMPORARY_FAILURE, 'something else happens to the tunnel');
  const tooMany = refusalOfMore(ctx, sa, old);
  if (tooMany) return tooMany;
  const spiIn = freshChildSpi(ctx, sa);
  const { suite } = choice;
  const { ni, nr, shared } = context;
  const spiOut = spiNumber(choice.from.spi);
  const all: ChildTerms = { role: 'responder', suite, ni, nr, shared, spiIn, spiOut, ...shape };
  const found = context.isInitialContact ? {} : eldersOf(ctx, sa, shape);
  const elders = old ? { replaces: old } : found;
  const child = await installChild(ctx, sa, all, elders);
  if (!child) return refuse(NotifyType.TEMPORARY_FAILURE, 'the kernel did not take it');
  if (elders.replaces) takePlace(ctx, elders.replaces, child);
  const payloads: Payload[] = [
    { kind: 'SA', proposals: [answerProposal(choice, spiBytes(spiIn))] },
    ...shapePayloads('responder', shape),
  ];
  return { ok: true, child, payloads };
}
