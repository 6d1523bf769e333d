/**
 * Keeps the IKE SAs that stand in state files, so that a daemon that starts after a crash goes on with
 * them: a file for each IKE SA, written before any new message of it leaves, and one for each Child SA,
 * written once. What is in the file of the IKE SA counts: a Child SA that it does not name was never
 * told to the peer.
 */
import { toHex } from '../../bytes/hex.js';
import type { Timer, Timers } from '../../platform/platform.js';
import type { StateFiles } from '../../platform/state-files.js';
import { spiBytes } from '../child.js';
import type { IkeSa } from '../ike-sa.js';
import { toSavedChild, toSavedSa } from './saved-sa.js';

export const saPrefix = 'sa-';
export const childPrefix = 'child-';

export const saFile = (spiOwn: Uint8Array): string => saPrefix + toHex(spiOwn);
export const childFile = (spiOwn: Uint8Array, spiIn: number): string =>
  `${childPrefix}${toHex(spiOwn)}-${toHex(spiBytes(spiIn))}`;

export class SaKeeper {
  /** Inbound SPIs of the Child SAs that have a file. */
  readonly #kept = new Map<IkeSa, Set<number>>();
  readonly #changed = new Set<IkeSa>();
  /** IVs that were used when it was written last. */
  readonly #used = new WeakMap<IkeSa, number>();
  #timer: Timer | undefined;

  /** Without `files` nothing is kept. */
  constructor(
    private readonly files: StateFiles | undefined,
    private readonly timers: Timers,
  ) {}

  /** To be written with what follows in this turn of the event loop. */
  changed(sa: IkeSa): void {
    if (!this.files) return;
    this.#changed.add(sa);
    this.#timer ??= this.timers.after(0, () => {
      this.#timer = undefined;
      for (const each of [...this.#changed]) this.save(each);
    });
  }

  /**
   * Whatever was protected since the last writing is written before it leaves: neither its IV nor its
   * message ID is used for anything else after a crash.
   */
  beforeSending(sa: IkeSa): void {
    if (sa.sealer && sa.sealer.used !== this.#used.get(sa)) this.save(sa);
  }

  /** Writes it now. */
  save(sa: IkeSa): void {
    this.#changed.delete(sa);
    if (!this.files) return;
    if (sa.sealer) this.#used.set(sa, sa.sealer.used);
    const saved = toSavedSa(sa);
    if (!saved) {
      this.forget(sa);
      return;
    }
    const kept = this.#kept.get(sa) ?? new Set();
    this.#kept.set(sa, kept);
    const named = new Set(saved.children);
    for (const child of sa.children) {
      const { spi } = child.sa.inbound;
      if (!named.has(spi) || kept.has(spi)) continue;
      this.files.write(childFile(sa.spiOwn, spi), toSavedChild(child));
      kept.add(spi);
    }
    this.files.write(saFile(sa.spiOwn), saved);
    for (const spi of kept) if (!named.has(spi)) this.#drop(sa, kept, spi);
  }

  /** An IKE SA that is not to be taken over. */
  forget(sa: IkeSa): void {
    this.#changed.delete(sa);
    const kept = this.#kept.get(sa);
    if (!kept) return;
    this.files?.remove(saFile(sa.spiOwn));
    for (const spi of [...kept]) this.#drop(sa, kept, spi);
    this.#kept.delete(sa);
  }

  /** An IKE SA of an earlier run; these of its Child SAs have a file. */
  adopted(sa: IkeSa, children: Iterable<number>): void {
    this.#kept.set(sa, new Set(children));
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #drop(sa: IkeSa, kept: Set<number>, spi: number): void {
    this.files?.remove(childFile(sa.spiOwn, spi));
    kept.delete(spi);
  }
}
