/**
 * The proven pair of an IKE SA (AV-103, AV-104), as text in its facts: there it outlives a crash of the
 * daemon, which `ProvenPath` does not.
 */
import type { Selector } from '../../../core/kernel/child-sa.js';
import { hostPrefix, type IpAddress, parseAddress } from '../../../core/net/address.js';

/** Name in `SaView.facts`. Its presence is what makes an IKE SA one of AutoVPN. */
const pairFact = 'autovpn pair';

export interface ProvenPair {
  readonly ours: IpAddress;
  readonly theirs: IpAddress;
}

type Facts = ReadonlyMap<string, unknown>;

export function notePair(facts: Map<string, unknown>, { ours, theirs }: ProvenPair): void {
  facts.set(pairFact, `${ours} ${theirs}`);
}

/** `undefined`: no IKE SA of AutoVPN. */
export function pairIn(facts: Facts | undefined): ProvenPair | undefined {
  const text = facts?.get(pairFact);
  if (typeof text !== 'string') return undefined;
  const [ours, theirs] = text.split(' ').map((word) => parseAddress(word));
  return ours && theirs ? { ours, theirs } : undefined;
}

/** All traffic of one address. */
export const wholeHost = (address: IpAddress): Selector => ({
  prefix: hostPrefix(address),
  protocol: 0,
  startPort: 0,
  endPort: 65_535,
});
