/**
 * Traffic that an owner allows a peer, or wishes for: any number of subnets, protocols and ports. How a
 * proposal is narrowed to it as responder, and what an initiator takes as an answer (RFC 7296 §2.9).
 */
import type { Selector } from '../kernel/child-sa.js';
import type { TrafficSelector } from './payloads/traffic-selector.js';
import {
  isSameRange,
  isWithin,
  overlap,
  rangeOf,
  type TrafficRange,
  toRange,
  toSelectors,
} from './traffic-ranges.js';

/** What flows through one tunnel: from each of one side to each of the other. */
export interface Traffic {
  ours: readonly Selector[];
  theirs: readonly Selector[];
}

/** Selectors of a side at most: each pair costs three policies in the kernel. */
const MAX_SELECTORS = 8;

/** True for a range that lies in no other one of `all`; of equal ones the first. */
const isOutermost = (range: TrafficRange, index: number, all: readonly TrafficRange[]): boolean =>
  !all.some(
    (other, at) =>
      at !== index && isWithin(range, other) && (at < index || !isSameRange(range, other)),
  );

/** Selectors that the kernel takes, the one with the first range before the others. */
function selectorsFor(ranges: readonly TrafficRange[]): Selector[] {
  const usable = ranges.filter((range) => toSelectors(range, MAX_SELECTORS));
  const outermost = usable.filter(isOutermost);
  const first = outermost.find((range) => ranges[0] && isWithin(ranges[0], range));
  const inOrder = first ? [first, ...outermost.filter((range) => range !== first)] : outermost;
  const selectors: Selector[] = [];
  for (const range of inOrder)
    selectors.push(...(toSelectors(range, MAX_SELECTORS - selectors.length) ?? []));
  return selectors;
}

/**
 * What is both proposed and allowed. The first selector of a proposal is the packet that made the peer
 * call: where it is allowed, it is in the result, however many others there are.
 */
function narrowSide(
  proposed: readonly TrafficSelector[],
  allowed: readonly Selector[],
): Selector[] {
  const ranges = proposed.flatMap((one) => toRange(one) ?? []);
  const common = ranges.flatMap((one) =>
    allowed.flatMap((selector) => overlap(one, rangeOf(selector)) ?? []),
  );
  return selectorsFor(common);
}

const isSideWithin = (
  proposed: readonly TrafficSelector[],
  allowed: readonly Selector[],
): boolean =>
  proposed.length > 0 &&
  proposed.every((one) => {
    const range = toRange(one);
    return range !== undefined && allowed.some((each) => isWithin(range, rangeOf(each)));
  });

/** Is nothing proposed but what is allowed? */
export const isAllWithin = (
  allowed: Traffic,
  theirSide: readonly TrafficSelector[],
  ourSide: readonly TrafficSelector[],
): boolean => isSideWithin(theirSide, allowed.theirs) && isSideWithin(ourSide, allowed.ours);

/** As responder; `undefined`: TS_UNACCEPTABLE. */
export function narrowTo(
  allowed: Traffic,
  theirSide: readonly TrafficSelector[],
  ourSide: readonly TrafficSelector[],
): Traffic | undefined {
  const theirs = narrowSide(theirSide, allowed.theirs);
  const ours = narrowSide(ourSide, allowed.ours);
  return pairsOf({ ours, theirs }).length > 0 ? { ours, theirs } : undefined;
}

/**
 * As initiator: the answer, when all of it lies in what we proposed. `undefined` when it does not, says
 * nothing, or is more than the kernel can do.
 */
function answeredSide(
  answer: readonly TrafficSelector[],
  proposed: readonly Selector[],
): Selector[] | undefined {
  const ranges = answer.map(toRange);
  const own = proposed.map(rangeOf);
  const selectors: Selector[] = [];
  for (const range of ranges) {
    if (!range || !own.some((one) => isWithin(range, one))) return undefined;
    const some = toSelectors(range, MAX_SELECTORS - selectors.length);
    if (!some) return undefined;
    selectors.push(...some);
  }
  return selectors;
}

export function answeredTraffic(
  proposed: Traffic,
  theirSide: readonly TrafficSelector[],
  ourSide: readonly TrafficSelector[],
): Traffic | undefined {
  const theirs = answeredSide(theirSide, proposed.theirs);
  const ours = answeredSide(ourSide, proposed.ours);
  if (!theirs || !ours) return undefined;
  return pairsOf({ ours, theirs }).length > 0 ? { ours, theirs } : undefined;
}

export interface SelectorPair {
  ours: Selector;
  theirs: Selector;
}

/** The pairs of both sides that can meet: of one family, and of protocols that agree. */
export const pairsOf = ({ ours, theirs }: Traffic): SelectorPair[] =>
  ours.flatMap((our) =>
    theirs.flatMap((their) => {
      const protocol = our.protocol || their.protocol;
      const agree = [our.protocol, their.protocol].every((one) => one === 0 || one === protocol);
      if (!agree || rangeOf(our).length !== rangeOf(their).length) return [];
      return [{ ours: { ...our, protocol }, theirs: { ...their, protocol } }];
    }),
  );
