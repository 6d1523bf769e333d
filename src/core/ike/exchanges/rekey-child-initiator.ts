/**
 * Rekey of a Child SA as initiator (RFC 7296 §1.3.3, §2.8, §2.25.1). The new one is in the kernel, and
 * sent with, when the answer has come; then the old one is deleted. When the peer rekeys the same one
 * meanwhile, the one with the lowest of the four nonces goes, by the end that has made it (§2.8.1).
 */
import { type Child, spiBytes } from '../child.js';
import {
  activate,
  endChild,
  freshChildSpi,
  handOver,
  installChild,
  tunnelOf,
} from '../child-life.js';
import { isLower, lowerNonce } from '../collisions.js';
import type { IkeContext } from '../context.js';
import type { DhGroup } from '../crypto/dh.js';
import type { RekeyResult } from '../daemon.js';
import type { IkeSa } from '../ike-sa.js';
import { endIfDead } from '../liveness.js';
import { find, findNotify, type Payload } from '../payloads/payload.js';
import { espOffer } from '../proposals/offer.js';
import { Exchange } from '../registries/exchanges.js';
import { NotifyType } from '../registries/notifies.js';
import { Protocol } from '../registries/protocols.js';
import { whileThePeerLives } from '../schedule.js';
import { type Offer, readAnswer } from './child-offer.js';
import { shapeOfChild, shapePayloads } from './child-traffic.js';
import { type Received, sealRequest } from './common.js';
import { errorNames } from './ike-auth-initiator.js';
import { NONCE_LENGTH } from './ike-sa-init-initiator.js';
import { deleteChild, deleteSpi } from './informational.js';
import { retryPauseMs, wantedGroup } from './rekey-retry.js';
import { watchHeir } from './takeover.js';

/** One wish for new keys, until it has an end. */
interface Rekey {
  readonly child: Child;
  /** Absent: without a key exchange of its own, as the first Child SA of the IKE SA. */
  group: DhGroup | undefined;
  /** The peer has asked for this group; it does so once. */
  isGroupWanted: boolean;
  /** Refusals because of something that passes. */
  refusals: number;
  end(result: RekeyResult): void;
}

/** Never rejects. */
export function rekeyChild(ctx: IkeContext, child: Child): Promise<RekeyResult> {
  return new Promise((end) => {
    const group = child.ike.suite!.group;
    ask(ctx, { child, group, isGroupWanted: false, refusals: 0, end });
  });
}

const no = (why: string): RekeyResult => ({ ok: false, why });

const isReady = ({ state, heir }: Child): boolean => state === 'UP' && !heir;

/** It came to an end some other way: by the peer's rekey, or for good. */
const overtaken = ({ tunnel }: Child): RekeyResult =>
  tunnel ? no('something else is done with it') : { ok: true };

function makeOffer(ctx: IkeContext, sa: IkeSa, { child, group }: Rekey): Offer {
  const spiIn = freshChildSpi(ctx, sa);
  return {
    spiIn,
    proposals: espOffer(ctx.preferences, spiBytes(spiIn), group ? ctx.preferences.groups : []),
    shape: shapeOfChild(child.sa),
    ni: ctx.random(NONCE_LENGTH),
    keyExchange: group && { group, pair: ctx.keyPairs.take(group) },
    inIkeAuth: false,
  };
}

/** §1.3.3: the notify names the SA that the sender of it receives with. */
const payloadsOf = (ctx: IkeContext, { child }: Rekey, offer: Offer): Payload[] => [
  {
    kind: 'N',
    protocol: Protocol.ESP,
    type: NotifyType.REKEY_SA,
    spi: spiBytes(child.sa.inbound.spi),
    data: new Uint8Array(0),
  },
  { kind: 'SA', proposals: offer.proposals },
  { kind: 'Nonce', data: offer.ni },
  ...(offer.keyExchange
    ? ([
        {
          kind: 'KE',
          group: offer.keyExchange.group.id,
          data: offer.keyExchange.pair.publicKey,
        },
      ] as const)
    : []),
  ...shapePayloads('initiator', offer.shape),
  ...ctx.extensions.outgoing('CREATE_CHILD_SA request', child.ike),
];

function ask(ctx: IkeContext, rekey: Rekey): void {
  const { child } = rekey;
  const sa = child.ike;
  let offer: Offer;
  sa.requests.send({
    exchange: Exchange.CREATE_CHILD_SA,
    schedule: whileThePeerLives,
    isWanted: () => isReady(child) && child.ike === sa && sa.state === 'ESTABLISHED',
    passedOver() {
      // The IKE SA was rekeyed while this was in line.
      if (isReady(child) && child.ike !== sa) ask(ctx, rekey);
      else rekey.end(overtaken(child));
    },
    build(messageId) {
      child.state = 'REKEYING';
      offer = makeOffer(ctx, sa, rekey);
      const payloads = payloadsOf(ctx, rekey, offer);
      return sealRequest(sa, Exchange.CREATE_CHILD_SA, messageId, payloads);
    },
    offeredSpi: () => offer.spiIn,
    answered: (payloads) => void answered(ctx, sa, rekey, offer, payloads),
    gaveUp: () => rekey.end(no('the IKE SA has ended')),
    repeated: (sendings) => void endIfDead(ctx, sa, sendings),
  });
}

async function answered(
  ctx: IkeContext,
  sa: IkeSa,
  rekey: Rekey,
  offer: Offer,
  payloads: readonly Payload[],
): Promise<void> {
  const { child } = rekey;
  if (!find(payloads, 'SA')) {
    refused(ctx, rekey, payloads);
    return;
  }
  const nr = find(payloads, 'Nonce')!.data;
  if (child.state !== 'REKEYING') {
    deleteSpi(ctx, sa, offer.spiIn);
    rekey.end(overtaken(child));
  } else if (child.heir && isLower(lowerNonce(offer.ni, nr), child.heir.nonce)) {
    deleteSpi(ctx, sa, offer.spiIn);
    giveWay(ctx, child);
    rekey.end({ ok: true });
  } else rekey.end(await takeOver(ctx, sa, child, offer, payloads, nr));
}

/** The peer's new one stays. */
function giveWay(ctx: IkeContext, child: Child): void {
  child.state = 'REPLACED';
  if (child.heir?.state === 'UP') handOver(ctx, child, child.heir);
  watchHeir(ctx, child);
}

/**
 * One that the peer has made at the same time, when ours stays. The peer deletes it, unless it wants it for
 * itself: then it is one more tunnel.
 */
function letStand(ctx: IkeContext, other: Child): void {
  other.replaces = undefined;
  if (!other.isTwin || other.state !== 'UP') return;
  other.tunnel = tunnelOf(ctx, other, other.installed!);
  void activate(ctx, other);
  ctx.owner.established(other.tunnel);
}

/** Ours stays; one that the peer has made at the same time is left to the peer. */
async function takeOver(
  ctx: IkeContext,
  sa: IkeSa,
  child: Child,
  offer: Offer,
  payloads: readonly Payload[],
  nr: Uint8Array,
): Promise<RekeyResult> {
  const veto = ctx.extensions.incoming('CREATE_CHILD_SA response', sa, payloads);
  if (veto) ctx.counters.count('vetoes');
  const outcome = veto
    ? { ok: false as const, why: veto.why }
    : readAnswer(ctx, offer, { payloads } as Received, nr);
  if (outcome.ok && sa.earlyDeletes.delete(outcome.terms.spiOut)) {
    if (child.heir) giveWay(ctx, child);
    else child.state = 'UP';
    return no('the peer has taken the new one back');
  }
  if (!outcome.ok) {
    deleteSpi(ctx, sa, offer.spiIn);
    if (child.heir) giveWay(ctx, child);
    else child.state = 'UP';
    return no(outcome.why);
  }
  if (child.heir) letStand(ctx, child.heir);
  child.state = 'REPLACED';
  const fresh = await installChild(ctx, sa, outcome.terms, { replaces: child });
  if (!fresh) {
    deleteSpi(ctx, sa, offer.spiIn);
    if (child.state === 'REPLACED') child.state = 'UP';
    return no('the new keys could not be installed');
  }
  handOver(ctx, child, fresh);
  ctx.counters.count('rekeys as initiator');
  void deleteChild(ctx, child, 'replaced');
  return { ok: true };
}

/** The answer is an error. */
function refused(ctx: IkeContext, rekey: Rekey, payloads: readonly Payload[]): void {
  const { child } = rekey;
  const has = (type: number) => findNotify(payloads, type) !== undefined;
  if (child.state !== 'REKEYING') {
    rekey.end(overtaken(child));
  } else if (has(NotifyType.CHILD_SA_NOT_FOUND)) {
    // §2.25: without a word; one that the peer has made meanwhile goes on, or traffic asks for another.
    const { heir } = child;
    void endChild(ctx, child, 'deleted by peer');
    rekey.end(heir ? { ok: true } : no('the peer does not know the tunnel any more'));
  } else if (child.heir) {
    // The peer was first, and had no need to notice (§2.8.1); or it has lost the old one.
    giveWay(ctx, child);
    if (child.heir.isTwin) void activate(ctx, child.heir);
    rekey.end({ ok: true });
  } else {
    child.state = 'UP';
    if (!askDifferently(ctx, rekey, payloads))
      rekey.end(no(`the peer refuses new keys: ${errorNames({ payloads } as Received)}`));
  }
}

function askDifferently(ctx: IkeContext, rekey: Rekey, payloads: readonly Payload[]): boolean {
  const has = (type: number) => findNotify(payloads, type) !== undefined;
  const wanted = wantedGroup(ctx, payloads);
  if (has(NotifyType.TEMPORARY_FAILURE)) {
    const pauseMs = retryPauseMs(ctx, ++rekey.refusals);
    if (pauseMs === undefined) return false;
    ctx.timers.after(pauseMs, () => ask(ctx, rekey));
    return true;
  }
  if (wanted && !rekey.isGroupWanted) {
    rekey.group = wanted;
    rekey.isGroupWanted = true;
  } else if (has(NotifyType.NO_PROPOSAL_CHOSEN) && rekey.group) {
    // Some are set to no key exchange here; the tunnel had none in IKE_AUTH either.
    rekey.group = undefined;
  } else return false;
  ask(ctx, rekey);
  return true;
}
