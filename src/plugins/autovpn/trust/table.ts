/**
 * The table of peers (§9.1): what was seen under which name, and how far it is trusted. What may happen
 * is in `states.ts`; this keeps the entries, their order of use, and tells who wants to know.
 *
 * A stranger can offer as many names as he likes: the table has a limit, and the Unverified entry that
 * was not used for longest makes room (AV-120). Nobody else is ever pushed out.
 */
import { toHex } from '../../../core/bytes/hex.js';
import type { IpAddress } from '../../../core/net/address.js';
import type { Peer, SharedSecret } from './peer.js';
import { type TrustEvent, type TrustState, trustRows } from './states.js';

/** DER of a name that is taken, at most: strangers shall not fill the flash. */
export const longestName = 256;

/** A certificate as the table sees it. */
export interface Shown {
  /** DER of the subject. */
  name: Uint8Array;
  fingerprint: string;
}

export type Judgement =
  | { ok: true; state: TrustState }
  | { ok: false; why: string; isConflict?: boolean };

/** What an exchange has told about a peer. */
export interface Met extends Shown {
  address: IpAddress;
  isVouchedFor: boolean;
  /** Clean text; kept as it was when the peer says nothing this time. */
  contact?: string;
}

/** What happened to an entry, for the file, the log and the tunnels. */
export interface TableChange {
  peer: Peer;
  from: TrustState;
  to: TrustState;
  event: TrustEvent | 'rollover' | 'room';
}

export interface TableParts {
  /** Entries at most. */
  most(): number;
  nowSeconds(): number;
  changed(change: TableChange): void;
}

export type Done = { ok: true } | { ok: false; why: string };

const keyOf = (name: Uint8Array): string => toHex(name);

/** Neither a person nor a secret keeps it. */
const isFleeting = ({ state, secret }: Peer): boolean => state === 'Unverified' && !secret;

export class TrustTable {
  readonly #peers = new Map<string, Peer>();
  /** Those that time or others may push out, the longest unused first. */
  readonly #fleeting = new Map<string, Peer>();

  constructor(private readonly parts: TableParts) {}

  get size(): number {
    return this.#peers.size;
  }

  all(): Peer[] {
    return [...this.#peers.values()];
  }

  /** AV-135, AV-136: by the name alone. */
  find(name: Uint8Array): Peer | undefined {
    return this.#peers.get(keyOf(name));
  }

  /** An entry of the file, or of the configuration. False when the name is taken (AV-151). */
  insert(peer: Peer): boolean {
    const key = keyOf(peer.name);
    if (this.#peers.has(key)) return false;
    this.#peers.set(key, peer);
    this.#sort(key, peer);
    return true;
  }

  /** May an IKE exchange with this certificate go on? Changes nothing. */
  judge({ name, fingerprint }: Shown, isVouchedFor = false): Judgement {
    if (name.length > longestName)
      return { ok: false, why: `its name has ${name.length} octets, ${longestName} are the limit` };
    const peer = this.find(name);
    const state = peer?.state ?? 'Unknown';
    if (peer && peer.fingerprint !== fingerprint) {
      const why = 'another certificate has its name already';
      return { ok: false, why, isConflict: true };
    }
    const next = trustRows[isVouchedFor ? 'exchange vouched for' : 'exchange'][state];
    if (typeof next === 'object') return { ok: false, why: next.refused };
    if (!peer && !this.#hasRoom())
      return { ok: false, why: `the table is full: ${this.parts.most()} peers, none to forget` };
    return { ok: true, state };
  }

  /** An exchange with it succeeded. */
  met(met: Met): Judgement {
    const judged = this.judge(met, met.isVouchedFor);
    if (!judged.ok) return judged;
    const now = Math.floor(this.parts.nowSeconds());
    const event = met.isVouchedFor ? 'exchange vouched for' : 'exchange';
    const peer = this.find(met.name) ?? this.#create(met, now);
    if (!('trustedBy' in peer) && met.isVouchedFor) peer.trustedBy = 'authority';
    peer.lastSeconds = Math.max(peer.lastSeconds, now);
    peer.address = met.address;
    if (met.contact !== undefined) peer.contact = met.contact;
    this.#move(peer, judged.state, event);
    return judged;
  }

  /** It is in use: its time begins anew. */
  used(name: Uint8Array): void {
    const key = keyOf(name);
    const peer = this.#peers.get(key);
    if (!peer) return;
    peer.lastSeconds = Math.max(peer.lastSeconds, Math.floor(this.parts.nowSeconds()));
    this.#sort(key, peer);
  }

  /** AV-149: kept for a person; nothing else changes. True when it is news. */
  conflict({ name, fingerprint }: Shown, address: IpAddress): boolean {
    const peer = this.find(name);
    if (!peer) return false;
    const isNews = peer.conflict?.fingerprint !== fingerprint;
    const count = Math.min((peer.conflict?.count ?? 0) + 1, 1_000_000);
    const seconds = Math.floor(this.parts.nowSeconds());
    peer.conflict = { fingerprint, address, seconds, count };
    if (isNews) this.#tell(peer, peer.state, 'conflict');
    return isNews;
  }

  /** Marks by a person end the alarm of a conflict: he has looked at it. */
  mark(peer: Peer, as: 'Trusted' | 'Untrusted', reason?: string): Done {
    const done = this.#apply(peer, `marked ${as}`, () => {
      delete peer.conflict;
      delete peer.reason;
      delete peer.trustedBy;
      if (as === 'Trusted') peer.trustedBy = 'person';
      else if (reason) peer.reason = reason;
    });
    return done;
  }

  remove(peer: Peer): Done {
    return this.#apply(peer, 'removed');
  }

  revoked(name: Uint8Array): Done {
    const peer = this.find(name);
    return peer ? this.#apply(peer, 'revoked') : { ok: false, why: 'its certificate is revoked' };
  }

  /** AV-140: from now on nothing but a person ends it. */
  agree(peer: Peer, secret: SharedSecret): Done {
    return this.#apply(peer, 'secret agreed', () => {
      peer.secret = secret;
    });
  }

  /** AV-A40: the secret vouches for a new certificate of the same name. */
  rollOver(peer: Peer, fingerprint: string): void {
    const from = peer.state;
    peer.fingerprint = fingerprint;
    delete peer.conflict;
    // A person, or an authority, has looked at the old one
    if (peer.state === 'Trusted') peer.state = 'Unverified';
    delete peer.trustedBy;
    this.#sort(keyOf(peer.name), peer);
    this.#tell(peer, from, 'rollover');
  }

  /** Configuration names it. */
  manage(shown: Shown): Done {
    const peer = this.find(shown.name);
    const next = trustRows['configured as managed'][peer?.state ?? 'Unknown'];
    if (typeof next === 'object') return { ok: false, why: next.refused };
    if (peer && peer.fingerprint !== shown.fingerprint)
      return { ok: false, why: 'another certificate has its name already' };
    const from = peer?.state ?? 'Unknown';
    const entry = peer ?? this.#create(shown, Math.floor(this.parts.nowSeconds()));
    delete entry.trustedBy;
    this.#move(entry, from, 'configured as managed');
    return { ok: true };
  }

  /** AV-127: forgets Unverified entries that were not used since then. */
  expire(beforeSeconds: number): void {
    for (const peer of this.#fleeting.values()) {
      // In the order of use: the rest is younger
      if (peer.lastSeconds >= beforeSeconds) return;
      this.#apply(peer, 'idle');
    }
  }

  #hasRoom(): boolean {
    return this.#peers.size < this.parts.most() || this.#fleeting.size > 0;
  }

  #create({ name, fingerprint }: Shown, now: number): Peer {
    while (this.#peers.size >= this.parts.most()) {
      const [oldest] = this.#fleeting.values();
      if (!oldest) break;
      this.#drop(oldest, 'room');
    }
    const times = { firstSeconds: now, lastSeconds: now };
    const peer: Peer = {
      name: name.slice(),
      fingerprint,
      state: 'Unverified',
      contact: '',
      ...times,
    };
    this.#peers.set(keyOf(name), peer);
    return peer;
  }

  #apply(peer: Peer, event: TrustEvent, change: () => void = () => undefined): Done {
    const next = trustRows[event][peer.state];
    if (typeof next === 'object') return { ok: false, why: next.refused };
    change();
    if (next === 'Unknown') this.#drop(peer, event);
    else this.#move(peer, peer.state, event);
    return { ok: true };
  }

  /** To the state that the table of events has for it, which is a state here. */
  #move(peer: Peer, from: TrustState, event: TrustEvent): void {
    const next = trustRows[event][from];
    if (typeof next === 'object' || next === 'Unknown') return;
    peer.state = next;
    this.#sort(keyOf(peer.name), peer);
    this.#tell(peer, from, event);
  }

  #drop(peer: Peer, event: TableChange['event']): void {
    const key = keyOf(peer.name);
    this.#peers.delete(key);
    this.#fleeting.delete(key);
    this.parts.changed({ peer, from: peer.state, to: 'Unknown', event });
  }

  #tell(peer: Peer, from: TrustState, event: TableChange['event']): void {
    this.parts.changed({ peer, from, to: peer.state, event });
  }

  #sort(key: string, peer: Peer): void {
    this.#fleeting.delete(key);
    if (isFleeting(peer)) this.#fleeting.set(key, peer);
  }
}
