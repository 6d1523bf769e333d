/**
 * What `policy` sees of IKE: tunnels asked for, offered and gone. The daemon itself is
 * `ike-daemon.ts`.
 */
import type { ChildSa, InstalledSa } from '../kernel/child-sa.js';
import type { IpAddress, Prefix } from '../net/address.js';
import type { Certificate } from '../pki/certificate.js';
import type { PublicKey } from '../pki/public-key.js';
import type { Authentication, ProvenPeer } from './credentials.js';
import type { Identity } from './identity.js';
import type { Traffic } from './narrowing.js';

/**
 * A tunnel wanted by us as initiator. Addresses decide the identity we show (OE-104). What proves the
 * peer, and us, is in the fields of `Authentication`.
 */
export interface TunnelWish extends Authentication {
  local: IpAddress;
  remote: IpAddress;
  ours: Prefix;
  theirs: Prefix;
  /**
   * What to propose instead of all traffic between `ours` and `theirs`. The first selectors should be
   * those of the packet that asks for it (RFC 7296 §2.9); the peer may take a part.
   */
  traffic?: Traffic;
  /** Ask for transport mode; a peer that does not want it gets tunnel mode. */
  mode?: 'transport';
  /** Demanded IDr; any when absent. */
  identity?: Identity;
  /** Milliseconds until a silent gateway counts as dead (OE-43, SP-40). */
  patienceMs: number;
  /** An IKE SA of its own, whatever stands with this peer already; it serves no other wish. */
  isAlone?: boolean;
  /** Of a new IKE SA: in `SaView.facts` before its first message, for extensions. */
  facts?: ReadonlyMap<string, unknown>;
  /** Where a new IKE SA begins; the daemon's choice when absent. */
  firstPort?: 500 | 4500;
}

/** An IKE SA wanted without a tunnel (RFC 6023). */
export type PeerWish = Omit<TunnelWish, 'ours' | 'theirs' | 'traffic' | 'mode'>;

/** How an attempt ended badly; the kinds have lifespans of their own (OE-42, OE-44, OE-46). */
export type TunnelFailure =
  | { kind: 'silent'; why: string }
  | { kind: 'refused'; why: string }
  | { kind: 'signature'; why: string }
  | { kind: 'internal'; why: string };

export interface Tunnel {
  readonly id: number;
  readonly role: 'initiator' | 'responder';
  /** Another one after each rekey, as is `ike` after a rekey of the IKE SA. */
  installed: InstalledSa;
  readonly peer: { address: IpAddress } & ProvenPeer;
  ike: { spiInitiator: string; spiResponder: string; suite: string };
}

export type RekeyResult = { ok: true } | { ok: false; why: string };

export type TunnelResult = { ok: true; tunnel: Tunnel } | { ok: false; failure: TunnelFailure };

/** Why a tunnel is gone. */
export type TunnelEnd =
  | 'deleted by peer'
  | 'deleted by us'
  | 'peer is dead'
  | 'expired'
  | 'replaced';

/** What a peer says of itself before it is proven. */
export interface PeerClaim {
  identity: Identity;
  address: IpAddress;
  /** Our address that it talks to. */
  local: IpAddress;
  /** How it means to prove itself; absent when asked again about a peer that is proven. */
  method?: 'signature' | 'secret' | 'null' | 'other';
  /** What it sent, its own first; nobody has checked anything yet. */
  certificates?: readonly Certificate[];
  /** A public key that it sent without a certificate (RFC 7670). */
  rawKey?: PublicKey;
  /** IDr: the identity of ours that it wants to speak with. */
  wanted?: Identity;
  /** For what it will ask to speak when it is proven. */
  client?: Prefix;
  /** What extensions know of its IKE SA (`SaView.facts`); absent when asked without one. */
  facts?: ReadonlyMap<string, unknown>;
}

/** What may prove the peer, and what to prove ourselves with; or why there is nothing. */
export type KeysResult = ({ ok: true } & Authentication) | { ok: false; why: string };
/** `isOurFault`: nothing is wrong with the peer, and it may ask again. */
export type ClientResult = { ok: true } | { ok: false; why: string; isOurFault?: boolean };

export type AllowedTraffic = Traffic & {
  mode?: 'transport';
  /** Whoever proposes an address outside gets TS_UNACCEPTABLE, instead of the part that is allowed. */
  isExact?: boolean;
};

/** What the daemon asks its owner. All may take their time: other peers are served meanwhile. */
export interface IkeOwner {
  /**
   * Somebody at this address has begun to call, and will soon claim to be it or somebody else. Not told
   * while too many do.
   */
  called?(peer: Pick<PeerClaim, 'address' | 'local'>): void;
  /** Keys and other proofs that could prove this claim of a responder-side peer. */
  keysFor(claim: PeerClaim): Promise<KeysResult>;
  /**
   * Traffic that a proven peer may have, and whether in transport mode; its proposals are narrowed to
   * that. Without it, or where it gives `undefined`: one pair of hosts in tunnel mode.
   */
  allowedTraffic?(
    claim: ProvenPeer & { address: IpAddress; local: IpAddress },
  ): AllowedTraffic | undefined;
  /** May the proven peer have this tunnel? Asked for each pair of its traffic. */
  authorize(
    claim: ProvenPeer & {
      address: IpAddress;
      local: IpAddress;
      theirs: Prefix;
      ours: Prefix;
      /** False when it asks for one protocol or port of the pair only. */
      isWholePair: boolean;
      /** A NAT stands before the peer: others may have the address it calls from. */
      isBehindNat: boolean;
      /** It has this tunnel, and wants new keys for it. */
      isRekey: boolean;
      /** As in `PeerClaim`. */
      facts?: ReadonlyMap<string, unknown>;
    },
  ): Promise<ClientResult>;
  /** Puts the tunnel into the kernel; for a responder before the answer leaves (OE-65). */
  install(sa: ChildSa): Promise<InstalledSa>;
  /** Of a tunnel that takes the place of another one for the same traffic: what is needed to receive. */
  stage(sa: ChildSa): Promise<InstalledSa>;
  /** The rest of what was staged: from now on it is sent with. */
  activate(installed: InstalledSa): Promise<void>;
  /** It is about to go: another one for the same traffic, if there is one, is sent with from now on. */
  stopSending(installed: InstalledSa): Promise<void>;
  /** `lingers`: another one has its place, and packets may still be on their way. */
  remove(installed: InstalledSa, lingers: boolean): Promise<void>;
  /** A peer set up a tunnel with us as responder. Our own `connect` for the same pair goes on. */
  established(tunnel: Tunnel): void;
  /** It has new keys, `installed`. */
  rekeyed(tunnel: Tunnel): void;
  ended(tunnel: Tunnel, why: TunnelEnd): void;
}

export interface IkeDaemon {
  /**
   * Takes over the IKE SAs of an earlier run that crashed, before `start`. `adopt` gives what the
   * kernel has of these Child SAs, in the same order. Gives the tunnels that stand.
   */
  restore(
    adopt: (
      children: readonly ChildSa[],
      staged: readonly ChildSa[],
    ) => Promise<readonly (InstalledSa | undefined)[]>,
  ): Promise<Tunnel[]>;
  /** Opens the sockets. Rejects when port 500 or 4500 is taken, saying so. */
  start(): Promise<void>;
  /** Reuses an IKE SA with the same peer where there is one (OE-67). Never rejects. */
  connect(wish: TunnelWish): Promise<TunnelResult>;
  /** New keys for a tunnel (RFC 7296 §1.3.3). The old ones stay when that fails. */
  rekey(tunnel: Tunnel): Promise<RekeyResult>;
  /** New keys for the IKE SA of a tunnel (§1.3.2). */
  rekeyIke(tunnel: Tunnel): Promise<RekeyResult>;
  /** Deletes one tunnel with an authenticated delete. */
  close(tunnel: Tunnel): Promise<void>;
  /** The kernel reported the end of an SA. */
  expired(installed: InstalledSa): void;
  /** Deletes to every peer, then closes the sockets; bounded by `graceMs` (OE-148). */
  stop(graceMs: number): Promise<void>;
  /** Facts for status and metrics. */
  counters(): Record<string, number>;
  /** A sentence while many strangers call, for a person; else nothing. */
  pressure(): string | undefined;
}
