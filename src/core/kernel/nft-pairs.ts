/**
 * Verdicts on pairs of addresses as text for `nft -f -`. Pure.
 *
 * An element that exists keeps its old timeout when it is added again, and one that does not exist
 * can not be deleted; so each change is "add, delete" and then, where it should be, "add with
 * timeout" in one transaction (tried on Linux 6.1, also with elements that had run out).
 */
import { familyOf, type IpAddress } from '../net/address.js';
import type { PairVerdict, Verdict } from './kernel.js';
import { setName, tableName, verdicts } from './nft-table.js';

/** A change to the cache: a verdict to write, or none to forget the pair. */
export type PairChange = Pick<PairVerdict, 'source' | 'destination' | 'translatedSource'> & {
  wanIndex: number;
  verdict?: Verdict;
  lifespanSeconds?: number;
};

const element = (set: string, pair: string): string => `element ${tableName} ${set} { ${pair} }`;

function removeLines(set: string, pair: string): string[] {
  return [`add ${element(set, pair)}`, `delete ${element(set, pair)}`];
}

const addLine = (set: string, pair: string, seconds: number): string =>
  `add ${element(set, `${pair} timeout ${Math.max(1, Math.ceil(seconds))}s`)}`;

function changeLines(
  change: PairChange,
  source: IpAddress,
  affected: readonly Verdict[],
): string[] {
  const pair = `${source} . ${change.destination}`;
  const setOf = (verdict: Verdict) =>
    setName(verdict, familyOf(change.destination), change.wanIndex);
  const lines = affected.flatMap((verdict) => removeLines(setOf(verdict), pair));
  if (change.verdict && affected.includes(change.verdict))
    lines.push(addLine(setOf(change.verdict), pair, change.lifespanSeconds ?? 0));
  return lines;
}

/**
 * The pair as it is held goes into the set of its verdict and out of the others. The pair as it is
 * on the WAN is only noted where it must be encrypted: that is what the guard behind NAT looks for. It
 * stays when only one of several hosts behind NAT is denied.
 */
export function pairText(changes: readonly PairChange[]): string {
  const lines = changes.flatMap((change) => {
    const asHeld = changeLines(change, change.source, verdicts);
    if (change.translatedSource === change.source || change.verdict === 'deny') return asHeld;
    return [...asHeld, ...changeLines(change, change.translatedSource, ['encrypt'])];
  });
  return `${lines.join('\n')}\n`;
}
