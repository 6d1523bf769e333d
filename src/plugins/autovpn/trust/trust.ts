/**
 * Trust in peers: the table with its file, who may speak for which address, time-outs, revocation, and
 * what a person sees of it in the log. It knows no message of IKE; `ike/` asks it.
 */

import { fromUtf8, printable } from '../../../core/bytes/text.js';
import type { Logger } from '../../../core/log.js';
import type { IpAddress } from '../../../core/net/address.js';
import { type Certificate, certificatesFromPem } from '../../../core/pki/certificate.js';
import { formatName } from '../../../core/pki/distinguished-name.js';
import type { Clock, Files, Timer, Timers } from '../../../core/platform/platform.js';
import { Authorizations } from './authorizations.js';
import { shortestTimeout, type TrustOptions } from './options.js';
import type { Peer } from './peer.js';
import { mayHavePadEntry, trustRows } from './states.js';
import { TableStore } from './store.js';
import { type Judgement, type Met, type Shown, type TableChange, TrustTable } from './table.js';

/** The first look comes when tunnels of an earlier run are there again. */
const firstSweepMs = 60_000;
const sweepMs = 3_600_000;

export interface TrustParts {
  files: Files;
  folder: string;
  clock: Clock;
  timers: Timers;
  log: Logger;
  options: TrustOptions;
  /** The peer may have no SA any more (AV-133). */
  banish(name: Uint8Array, why: string): void;
  /** Names of the peers with which tunnels stand. */
  inUse(): readonly Uint8Array[];
}

/** An entry of the peer authorization database (RFC 4301 §4.4.3). */
export interface PadEntry {
  /** DER of the DN: the only key (AV-135). */
  name: Uint8Array;
  authenticatedBy: 'certificate' | 'shared secret';
  /** Addresses that it may speak for, from proven paths. */
  addresses: readonly IpAddress[];
}

export const nameOf = (peer: Pick<Peer, 'name'>): string => printable(formatName(peer.name), 400);

/** Events that a person caused, or has to see: on the disk at once. */
const isUrgent = ({ event, from, to }: TableChange): boolean =>
  event.startsWith('marked') ||
  ['removed', 'revoked', 'conflict', 'secret agreed', 'rollover'].includes(event) ||
  (from !== to && to === 'Trusted');

export class Trust {
  readonly table: TrustTable;
  readonly authorizations = new Authorizations();
  readonly authorities: readonly Certificate[];
  readonly #store: TableStore;
  readonly #revoked: ReadonlySet<string>;
  #timer: Timer | undefined;
  #isLoading = true;

  /** Throws for a file that can not be read, with its name. */
  constructor(private readonly parts: TrustParts) {
    const { files, folder, clock, timers, log, options } = parts;
    this.table = new TrustTable({
      most: () => options.maxPeers,
      nowSeconds: () => clock.wallSeconds(),
      changed: (change) => this.#changed(change),
    });
    this.#store = new TableStore({
      ...{ files, folder, clock, timers, log },
      intervalMs: () => options.persistInterval * 1000,
      content: () => ({ peers: this.table.all(), addresses: this.authorizations.all() }),
    });
    this.#revoked = new Set(options.revoked.map((one) => one.replaceAll(':', '').toLowerCase()));
    if (options.unverifiedTimeout < shortestTimeout)
      log.warning(
        'autovpn_unverified_timeout is below 7 days: peers that pause are strangers again',
      );
    this.authorities = options.authorities.flatMap((path) => this.#certificates(path));
    this.#load();
    this.#isLoading = false;
    this.#sweepLater(firstSweepMs);
  }

  /**
   * May an exchange with this certificate go on? The newcomer with a name that is taken, proven or not,
   * is refused; one that has proven its key leaves an alarm (`address` is given then).
   */
  judge(shown: Shown, isVouchedFor: boolean, address?: IpAddress): Judgement {
    if (this.isRevoked(shown.fingerprint)) {
      this.#forgetRevoked(shown);
      return { ok: false, why: 'its certificate is revoked' };
    }
    const judged = this.table.judge(shown, isVouchedFor);
    if (!judged.ok && judged.isConflict && address) this.#alarm(shown, address);
    return judged;
  }

  isRevoked(fingerprint: string): boolean {
    return this.#revoked.has(fingerprint);
  }

  /** An exchange succeeded. */
  met(met: Met): Judgement {
    const judged = this.judge(met, met.isVouchedFor, met.address);
    // Those with tunnels shall be the last to make room
    if (this.table.size >= this.parts.options.maxPeers) this.#refresh();
    return judged.ok ? this.table.met(met) : judged;
  }

  /** AV-158 */
  authorize(name: Uint8Array, address: IpAddress): void {
    if (this.table.find(name) && this.authorizations.add({ address, peer: name }))
      this.#store.later();
  }

  /** AV-155: no tunnel with it until a person has looked at it. `isVouchedFor`: an authority has. */
  waits(name: Uint8Array, isVouchedFor = false): boolean {
    if (this.parts.options.unverified === 'tunnel' || isVouchedFor) return false;
    const peer = this.table.find(name);
    return peer === undefined || peer.state === 'Unverified';
  }

  /** AV-89: an address that only peers have spoken for which are Untrusted, or have no tunnel yet. */
  refusesAddress(address: IpAddress): string | undefined {
    const names = this.authorizations.peersFor(address);
    const isUntrusted = (name: Uint8Array) => this.table.find(name)?.state === 'Untrusted';
    if (names.length === 0) return undefined;
    if (names.every(isUntrusted)) return `${address} belongs to a peer that is marked Untrusted`;
    return names.every((name) => isUntrusted(name) || this.waits(name))
      ? `${address} belongs to a peer that nobody has looked at`
      : undefined;
  }

  /** The secret must be on the disk before the peer believes that it is. */
  agreed(peer: Peer, secret: NonNullable<Peer['secret']>): boolean {
    const next = trustRows['secret agreed'][peer.state];
    if (typeof next === 'object') return false;
    const before = peer.secret;
    const done = this.table.agree(peer, secret);
    if (done.ok && this.#store.isStale) {
      if (before) peer.secret = before;
      else delete peer.secret;
      return false;
    }
    return done.ok;
  }

  pad(): PadEntry[] {
    return this.table
      .all()
      .filter(({ state }) => mayHavePadEntry[state])
      .map(({ name, secret }) => ({
        name,
        authenticatedBy: secret ? ('shared secret' as const) : ('certificate' as const),
        addresses: this.authorizations.of(name),
      }));
  }

  warnings(): string[] {
    return this.table.all().flatMap((peer) => {
      const { conflict } = peer;
      if (!conflict) return [];
      const times = conflict.count === 1 ? 'once' : `${conflict.count} times`;
      return [
        `autovpn: another certificate came as ${nameOf(peer)} (${times}, last from ${conflict.address}) and was refused: ` +
          `either the peer has a new certificate, or somebody pretends to be it; see 'autoipsec autovpn peers'`,
      ];
    });
  }

  /** Looks at what time has done. */
  sweep(): void {
    this.#refresh();
    const { clock, options } = this.parts;
    this.table.expire(clock.wallSeconds() - options.unverifiedTimeout);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#store.stop();
  }

  #refresh(): void {
    for (const name of this.parts.inUse()) this.table.used(name);
  }

  #sweepLater(delayMs: number): void {
    this.#timer = this.parts.timers.after(delayMs, () => {
      this.sweep();
      this.#sweepLater(sweepMs);
    });
  }

  #load(): void {
    const saved = this.#store.read();
    for (const peer of saved.peers.sort((one, other) => one.lastSeconds - other.lastSeconds)) {
      // Configuration says who is managed now
      if (peer.state === 'Managed') continue;
      if (!this.table.insert(peer)) this.parts.log.warning(`${nameOf(peer)} is in the table twice`);
    }
    for (const record of saved.addresses)
      if (this.table.find(record.peer)) this.authorizations.add(record);
    for (const path of this.parts.options.managed)
      for (const certificate of this.#certificates(path)) this.#manage(path, certificate);
    for (const peer of this.table.all())
      if (this.isRevoked(peer.fingerprint)) this.table.revoked(peer.name);
  }

  #manage(path: string, { subject, fingerprint }: Certificate): void {
    const done = this.table.manage({ name: subject, fingerprint });
    if (!done.ok) this.parts.log.warning(`${path}: not managed: ${done.why}`);
  }

  #certificates(path: string): Certificate[] {
    const content = this.parts.files.read(path);
    const read = content && certificatesFromPem(fromUtf8(content));
    if (read?.ok) return read.value;
    this.parts.log.warning(`${path}: ${read ? read.error : 'there is no such file'}`);
    return [];
  }

  #forgetRevoked({ name, fingerprint }: Shown): void {
    if (this.table.find(name)?.fingerprint === fingerprint) this.table.revoked(name);
  }

  /** AV-150 */
  #alarm(shown: Shown, address: IpAddress): void {
    const isNews = this.table.conflict(shown, address);
    const line = `another certificate (SHA-256 ${shown.fingerprint}) came as ${nameOf(shown)} from ${address}: refused`;
    // A stranger may come as often as he likes
    if (isNews) this.parts.log.warning(line);
    else {
      this.parts.log.debug(line);
      this.#store.later();
    }
  }

  #changed(change: TableChange): void {
    const { peer, from, to, event } = change;
    if (to === 'Unknown') this.authorizations.removePeer(peer.name);
    if (this.#isLoading) return;
    const { log } = this.parts;
    if (from !== to || event === 'rollover') {
      const line = `peer ${nameOf(peer)}: ${from} → ${to} (${event})`;
      if (event === 'room' || event === 'idle') log.debug(line);
      else log.info(line);
    }
    if (isUrgent(change)) this.#store.now();
    else this.#store.later();
    // AV-133, AV-134: without a PAD entry there is no SA either
    if (!mayHavePadEntry[to]) this.parts.banish(peer.name, `the peer is ${to} now`);
  }
}
