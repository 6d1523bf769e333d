/**
 * What a plugin is. A plugin finds out who can encrypt for a destination and whether a peer may
 * speak for an address; the core does the keying, the kernel work and the bookkeeping. One instance
 * is made per plugin and WAN; everything it may touch comes in its context.
 */
import type { Resolver } from './dns/resolver.js';
import type { Authentication, ProofKind } from './ike/credentials.js';
import type { PeerClaim, Tunnel, TunnelWish } from './ike/daemon.js';
import type { Extension } from './ike/extension.js';
import type { Identity } from './ike/identity.js';
import type { PacketPath, PathWatcher } from './kernel/packet-path.js';
import type { Logger } from './log.js';
import type { IpAddress, Prefix } from './net/address.js';
import type { PrivateKey } from './pki/private-key.js';
import type { PublicKey } from './pki/public-key.js';
import type { Clock, Files, Timers } from './platform/platform.js';

/** A pair of addresses that wants to talk; `source` is the one seen on the WAN, after NAT. */
export interface Wish {
  source: IpAddress;
  destination: IpAddress;
}

/** One gateway that may encrypt for the destination, and what would prove that it is the one. */
export interface Gateway extends Authentication {
  address: IpAddress;
  /** The identity it must show; any identity when absent. */
  identity?: Identity;
}

/** What a plugin answers to a wish. `ttlSeconds`: how long the facts behind the answer hold. */
export type Plan =
  /** Gateways in the order in which to try them. */
  | { kind: 'key'; gateways: Gateway[]; ttlSeconds: number; trust: Trust; why: string }
  /** Nobody encrypts there: the class decides (OE-36). */
  | { kind: 'none'; ttlSeconds: number; why: string }
  /** Could not find out: the class decides, for a shorter time (OE-145). */
  | { kind: 'unknown'; why: string }
  /** Something is there and is wrong: deny, whatever the class says (OE-37). */
  | { kind: 'refuse'; ttlSeconds: number; why: string };

/** How far the peer's key is vouched for, in the order of growing trust; status shows it (OE-89). */
export const trusts = [
  'unauthenticated',
  /** A certificate that was taken as it was when it came for the first time, and is the same since. */
  'first contact',
  'dns',
  'dnssec',
  /** An authority of ours vouches for its certificate. */
  'authority',
  /** A person has compared its fingerprint. */
  'fingerprint',
] as const;

export type Trust = (typeof trusts)[number];

export type { PeerClaim };

/** Keys and other proofs that may prove a claim, or why there are none. */
export type KeysForClaim =
  | ({ kind: 'keys'; trust: Trust; ttlSeconds: number } & Authentication)
  | { kind: 'refused'; why: string };

/** An authenticated peer wants to speak for an address of its own side. */
export interface AuthorizationClaim extends PeerClaim {
  proof: ProofKind;
  /** The key that its signature verified with; absent when it was proven otherwise. */
  key?: PublicKey;
  /** The address behind (or of) the peer, host-sized. */
  client: Prefix;
  /** The address on our side. */
  ours: Prefix;
  /** A NAT stands before the peer: others may have the address it calls from. */
  isBehindNat: boolean;
}

export type Authorization = { kind: 'granted' } | { kind: 'refused'; why: string };

/** What a plugin does for itself once, however many WANs it is on. */
export interface PluginService {
  /** Its part in IKE. */
  readonly extensions?: readonly Extension[];
  /** Commands for the control channel; names begin with that of the plugin. */
  readonly commands?: Readonly<
    Record<string, (request: Readonly<Record<string, unknown>>) => unknown>
  >;
  /** Sentences about what a person should look at, for status. */
  warnings?(): readonly string[];
  /** Leaves nothing: no timer, no watcher; what is to be kept is written. */
  stop(): void;
}

export interface ServiceContext<Options = unknown> {
  /** The WANs that have the plugin. */
  readonly wans: readonly { name: string; options: Options }[];
  /** Our key: the one that other plugins show too. */
  readonly key: PrivateKey;
  /** Ours: keys, tables; what is in it outlives a reboot. */
  readonly folder: string;
  readonly files: Files;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  random(length: number): Uint8Array;
  readonly tunnels: PluginTunnels;
}

/** A tunnel that a plugin wants by itself, rather than because a packet asked for it. */
export interface OwnTunnel {
  wish: Wish;
  /** Of the source, as a host behind us has it; the same as `wish.source` without NAT. */
  origin?: IpAddress;
  gateway: Gateway;
  /** How far its peer is vouched for, once it is proven. */
  trust(tunnel: Tunnel): Trust;
  why: string;
  /** The rest of what IKE shall know. */
  ike?: Pick<TunnelWish, 'facts' | 'isAlone' | 'firstPort'>;
}

export type OpenResult = { ok: true; tunnel: Tunnel } | { ok: false; why: string };

/** Tunnels of one plugin. */
export interface PluginTunnels {
  /** Those that stand now, of all WANs. */
  all(): readonly Tunnel[];
  /** Ends these, with a delete to the peer, because `why`; their pairs are decided anew. */
  end(which: (tunnel: Tunnel) => boolean, why: string): void;
}

export interface PluginContext<Options> {
  readonly options: Options;
  readonly wan: { name: string; addresses(): readonly IpAddress[] };
  readonly dns: Resolver;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  random(length: number): Uint8Array;
  /** Packets of this WAN, for plugins that find their peers on the path. */
  readonly path: PacketPath;
  /**
   * Keys a pair that no packet waits for. Never rejects; no tunnel is a sentence. A pair that policy or a
   * configured IPsec policy has otherwise is refused.
   */
  open(tunnel: OwnTunnel): Promise<OpenResult>;
  /** Why no clear traffic of this pair may become a tunnel of a plugin: policy, a tunnel, or configuration. */
  covered(pair: Wish): Promise<string | undefined>;
}

export interface PluginInstance {
  /**
   * Who can encrypt for this pair? Never rejects; a throw is a bug and turns the plugin off. A plugin
   * without it finds its peers by other ways than packets that wait, and none is held for it.
   */
  plan?(wish: Wish): Promise<Plan>;
  /** May a tunnel that it began have new keys? Yes when absent, unless it has `plan`, which is asked then. */
  renews?(tunnel: Tunnel): boolean;
  /** As responder: somebody at this address begins to call; `keysFor` may follow (SP-6). */
  called?(address: IpAddress): void;
  /** As responder: which keys would prove this claim? */
  keysFor(claim: PeerClaim): Promise<KeysForClaim>;
  /** As responder: may the proven peer speak for this client? */
  authorize(claim: AuthorizationClaim): Promise<Authorization>;
  /**
   * May traffic to this address go in clear when no tunnel can be made? `block`: not for a while. As the
   * class says when absent.
   */
  fallback?(destination: IpAddress): 'allow' | 'block';
  /** How far the peer of a tunnel is vouched for by now; as it was at the beginning when absent. */
  trustIn?(tunnel: Tunnel): Trust;
  /** What it wants of the packets on this WAN. */
  readonly path?: PathWatcher;
  /** What it has done on this WAN, by name; for status. */
  counters?(): Readonly<Record<string, number>>;
  /** Forgets what it remembers about an address (SP-43). */
  forget(address: IpAddress): void;
  /** Leaves nothing: no timer, no watcher. */
  stop(): void;
}

export interface Plugin<Options = unknown, Service extends PluginService = PluginService> {
  readonly name: string;
  /** UCI options of the WAN section that belong to this plugin; validation and docs come from here. */
  readonly options: import('./config/schema.js').Options<Options>;
  /** Made before the first instance, when a WAN has the plugin. Throws when it can not be. */
  serve?(context: ServiceContext<Options>): Service;
  create(context: PluginContext<Options>, service: Service): PluginInstance;
}
