/**
 * What a Child SA is for: its traffic and its mode, as we propose them, take them and answer (RFC 7296
 * §1.3.1, §2.9). Opportunistic tunnels are for all traffic of one pair of hosts (OE-101) and always in
 * tunnel mode (OE-99); owners and extensions can wish for anything else, and allow it to a peer.
 */
import type { ChildSa, Selector } from '../../kernel/child-sa.js';
import { formatPrefix, hostPrefix, type IpAddress } from '../../net/address.js';
import type { IkeContext } from '../context.js';
import type { TunnelWish } from '../daemon.js';
import type { IkeSa, Role } from '../ike-sa.js';
import { answeredTraffic, isAllWithin, narrowTo, pairsOf, type Traffic } from '../narrowing.js';
import { find, findNotify, notifyPayload, type Payload } from '../payloads/payload.js';
import type { TrafficSelector } from '../payloads/traffic-selector.js';
import { NotifyType } from '../registries/notifies.js';
import { isHostPair, narrow, wholeSelector } from '../selectors.js';
import { toTrafficSelector } from '../traffic-ranges.js';

export type Mode = ChildSa['mode'];

/** What both ends agree on, or one of them proposes. */
export interface Shape {
  traffic: Traffic;
  mode: Mode;
}

export interface OfferedShape extends Shape {
  /** A part of it is welcome too. */
  mayNarrow: boolean;
}

const isHost = ({ prefix }: Selector, host: IpAddress): boolean =>
  formatPrefix(prefix) === formatPrefix(hostPrefix(host));

/** Transport mode is for the ends themselves, and only where no NAT changes their addresses. */
function canTransport({ path, nat }: IkeSa, { ours, theirs }: Traffic): boolean {
  return (
    !nat.we &&
    !nat.peer &&
    ours.every((one) => isHost(one, path.local.address)) &&
    theirs.every((one) => isHost(one, path.remote.address))
  );
}

export function shapeOfWish(ctx: IkeContext, sa: IkeSa, wish: TunnelWish): OfferedShape {
  const chosen = wish.traffic ?? ctx.extensions.propose(sa, wish);
  const traffic = chosen ?? {
    ours: [wholeSelector(wish.ours)],
    theirs: [wholeSelector(wish.theirs)],
  };
  const mode = wish.mode === 'transport' && canTransport(sa, traffic) ? 'transport' : 'tunnel';
  return { traffic, mode, mayNarrow: chosen !== undefined };
}

const unique = (selectors: readonly Selector[]): Selector[] => [
  ...new Map(selectors.map((one) => [JSON.stringify(one), one])).values(),
];

/** A rekey is about what is there, no less and no more (§2.9.2). */
export function shapeOfChild(sa: ChildSa): OfferedShape {
  const pairs = [sa, ...(sa.furtherTraffic ?? [])];
  const traffic = {
    ours: unique(pairs.map(({ ours }) => ours)),
    theirs: unique(pairs.map(({ theirs }) => theirs)),
  };
  return { traffic, mode: sa.mode, mayNarrow: false };
}

/** The pairs of both sides, in any order. */
const pairNames = (traffic: Traffic): string =>
  pairsOf(traffic)
    .map((pair) => JSON.stringify([pair.ours, pair.theirs]))
    .sort()
    .join();

const isSameTraffic = (one: Traffic, other: Traffic): boolean =>
  pairNames(one) === pairNames(other);

export const isSameShape = (one: Shape, other: Shape): boolean =>
  one.mode === other.mode && isSameTraffic(one.traffic, other.traffic);

/** TSi, TSr and the notify that goes with them. `role`: ours in the exchange. */
export function shapePayloads(role: Role, { traffic, mode }: Shape): Payload[] {
  const ours = traffic.ours.map(toTrafficSelector);
  const theirs = traffic.theirs.map(toTrafficSelector);
  const isInitiator = role === 'initiator';
  return [
    { kind: 'TSi', selectors: isInitiator ? ours : theirs },
    { kind: 'TSr', selectors: isInitiator ? theirs : ours },
    ...(mode === 'transport' ? [notifyPayload(NotifyType.USE_TRANSPORT_MODE)] : []),
  ];
}

const asksForTransport = (payloads: readonly Payload[]): boolean =>
  findNotify(payloads, NotifyType.USE_TRANSPORT_MODE) !== undefined;

/** As initiator: what the answer makes of our offer, or what is wrong with it. */
export function answeredShape(
  offer: OfferedShape,
  payloads: readonly Payload[],
): { ok: true; shape: Shape } | { ok: false; why: string } {
  const tsi = find(payloads, 'TSi')?.selectors ?? [];
  const tsr = find(payloads, 'TSr')?.selectors ?? [];
  const traffic = answeredTraffic(offer.traffic, tsr, tsi);
  if (!traffic || !(offer.mayNarrow || isSameTraffic(traffic, offer.traffic)))
    return { ok: false, why: 'it answers with other traffic selectors' };
  // §1.3.1: a peer that does not want it leaves the notify out, and tunnel mode it is.
  const isTransport = asksForTransport(payloads);
  if (isTransport && offer.mode !== 'transport')
    return { ok: false, why: 'it answers with transport mode, for which nobody asked' };
  return { ok: true, shape: { traffic, mode: isTransport ? 'transport' : 'tunnel' } };
}

type Selectors = readonly TrafficSelector[];

/** One pair of hosts, or what was allowed to this peer. */
function narrowed(sa: IkeSa, allowed: Traffic | undefined, tsi: Selectors, tsr: Selectors) {
  if (allowed) return narrowTo(allowed, tsi, tsr);
  const { local, remote } = sa.path;
  const pair = narrow(tsi, tsr, { theirs: remote.address, ours: local.address });
  return pair && { ours: [pair.ours], theirs: [pair.theirs] };
}

/** As responder: what we take of a proposal, or the notify that refuses it. `old`: what it rekeys. */
export function takenShape(
  ctx: IkeContext,
  sa: IkeSa,
  payloads: readonly Payload[],
  old: ChildSa | undefined,
): { ok: true; shape: Shape } | { ok: false; type: number; why: string } {
  const { TS_UNACCEPTABLE, SINGLE_PAIR_REQUIRED } = NotifyType;
  const tsi = find(payloads, 'TSi')?.selectors ?? [];
  const tsr = find(payloads, 'TSr')?.selectors ?? [];
  const before = old && shapeOfChild(old);
  const allowed: AllowedShape | undefined = before ?? allowedShape(ctx, sa);
  if (allowed?.isExact && !isAllWithin(allowed.traffic, tsi, tsr))
    return { ok: false, type: TS_UNACCEPTABLE, why: 'other addresses than those of its path' };
  const traffic = narrowed(sa, allowed?.traffic, tsi, tsr);
  if (!traffic) {
    const isTooWide = !allowed && !isHostPair(tsi, tsr);
    const type = isTooWide ? SINGLE_PAIR_REQUIRED : TS_UNACCEPTABLE;
    return { ok: false, type, why: isTooWide ? 'not one pair of hosts' : 'no such traffic for it' };
  }
  if (before && !isSameTraffic(before.traffic, traffic)) {
    const why = 'not the traffic of the tunnel that it rekeys';
    return { ok: false, type: TS_UNACCEPTABLE, why };
  }
  const isTransport =
    allowed?.mode === 'transport' && asksForTransport(payloads) && canTransport(sa, traffic);
  return { ok: true, shape: { traffic, mode: isTransport ? 'transport' : 'tunnel' } };
}

interface AllowedShape extends Shape {
  isExact?: boolean;
}

function allowedShape(ctx: IkeContext, sa: IkeSa): AllowedShape | undefined {
  const { local, remote } = sa.path;
  const claim = { ...sa.peer!, address: remote.address, local: local.address };
  const allowed = ctx.owner.allowedTraffic?.(claim) ?? ctx.extensions.allowedTraffic(sa);
  if (!allowed) return undefined;
  const { mode = 'tunnel', isExact = false } = allowed;
  return { traffic: allowed, mode, isExact };
}
