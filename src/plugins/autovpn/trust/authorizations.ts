/**
 * "Peer P may speak for address H", kept apart from who P is (AV-158, App. B.1). A record comes from a
 * proven path alone, has no time-out, and goes with its peer.
 */
import { toHex } from '../../../core/bytes/hex.js';
import type { IpAddress } from '../../../core/net/address.js';

/** Addresses of one peer at most; each takes a probing and a tunnel, so a stranger pays for it. */
export const mostAddresses = 64;

export interface AddressRecord {
  address: IpAddress;
  /** DER of the peer's name. */
  peer: Uint8Array;
}

export class Authorizations {
  /** Addresses by the peer's name, the latest last. */
  readonly #byPeer = new Map<string, { name: Uint8Array; addresses: Set<IpAddress> }>();

  /** Gives whether it is news. */
  add({ address, peer }: AddressRecord): boolean {
    const key = toHex(peer);
    const found = this.#byPeer.get(key) ?? { name: peer.slice(), addresses: new Set() };
    const { addresses } = found;
    const isNews = !addresses.delete(address);
    addresses.add(address);
    if (addresses.size > mostAddresses) addresses.delete(addresses.values().next().value!);
    this.#byPeer.set(key, found);
    return isNews;
  }

  /** AV-160 */
  removePeer(name: Uint8Array): void {
    this.#byPeer.delete(toHex(name));
  }

  of(name: Uint8Array): readonly IpAddress[] {
    return [...(this.#byPeer.get(toHex(name))?.addresses ?? [])];
  }

  /** Names of the peers that have spoken for an address. */
  peersFor(address: IpAddress): Uint8Array[] {
    return [...this.#byPeer.values()]
      .filter(({ addresses }) => addresses.has(address))
      .map(({ name }) => name);
  }

  all(): AddressRecord[] {
    return [...this.#byPeer.values()].flatMap(({ name, addresses }) =>
      [...addresses].map((address) => ({ address, peer: name })),
    );
  }
}
