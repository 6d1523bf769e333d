/** All IKE SAs of this daemon, by our SPI, by the stranger's first message, and by peer. */
import { toHex } from '../bytes/hex.js';
import type { IpAddress } from '../net/address.js';
import type { IkeSa } from './ike-sa.js';
import type { Path } from './transport.js';

const initKey = (spiInitiator: Uint8Array, { remote }: Path): string =>
  `${toHex(spiInitiator)} ${remote.address} ${remote.port}`;

const peerKey = (local: IpAddress, remote: IpAddress): string => `${local} ${remote}`;

export class SaRegistry {
  readonly #bySpi = new Map<string, IkeSa>();
  readonly #byInit = new Map<string, IkeSa>();
  readonly #byPeer = new Map<string, Set<IkeSa>>();
  /** Under which keys an SA was entered: its path may change later (NAT). */
  readonly #keys = new Map<IkeSa, { peer: string; init: string }>();

  get size(): number {
    return this.#bySpi.size;
  }

  all(): IkeSa[] {
    return [...this.#bySpi.values()];
  }

  add(sa: IkeSa): void {
    const peer = peerKey(sa.path.local.address, sa.path.remote.address);
    const init = initKey(sa.spiPeer, sa.path);
    this.#keys.set(sa, { peer, init });
    this.#bySpi.set(toHex(sa.spiOwn), sa);
    this.#byPeer.set(peer, (this.#byPeer.get(peer) ?? new Set()).add(sa));
    if (sa.role === 'responder') this.#byInit.set(init, sa);
  }

  remove(sa: IkeSa): void {
    this.#bySpi.delete(toHex(sa.spiOwn));
    const keys = this.#keys.get(sa);
    const same = keys && this.#byPeer.get(keys.peer);
    if (!keys || !same) return;
    same.delete(sa);
    if (same.size === 0) this.#byPeer.delete(keys.peer);
    this.#byInit.delete(keys.init);
    this.#keys.delete(sa);
  }

  bySpi(spiOwn: Uint8Array): IkeSa | undefined {
    return this.#bySpi.get(toHex(spiOwn));
  }

  /** The SA that a first message of this stranger has made already. */
  byInit(spiInitiator: Uint8Array, path: Path): IkeSa | undefined {
    return this.#byInit.get(initKey(spiInitiator, path));
  }

  withPeer(local: IpAddress, remote: IpAddress): IkeSa[] {
    return [...(this.#byPeer.get(peerKey(local, remote)) ?? [])];
  }
}
