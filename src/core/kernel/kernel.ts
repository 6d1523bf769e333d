/**
 * What `policy` and `ike` ask of the kernel. `linux-kernel.ts` does it through `ip`, `nft` and
 * netfilter's queue; tests use a record of calls.
 */
import type { IpAddress, Prefix } from '../net/address.js';
import type { ChildSa, InstalledSa, SaUse } from './child-sa.js';
import type { PacketKind, PacketPath } from './packet-path.js';

/** A WAN as the kernel sees it. */
export interface WanDevice {
  /** Name of the WAN (the UCI `interface`), for people. */
  name: string;
  /** Network device, `eth1` or `pppoe-wan`. */
  device: string;
  /** 0..15; chooses the queue. */
  index: number;
  /** Packets of pairs without a verdict pass: nobody would find out anything about them. */
  isOpen?: boolean;
  /** Packets that are taken off their way (`packet-path.ts`). */
  takes?: readonly PacketKind[];
  /** Protocols whose flows from outside are seen. */
  watches?: readonly number[];
}

/** A packet that waits for a verdict: enough of it to decide. */
export interface HeldPacket {
  wan: string;
  /** As seen where it was held: for a masqueraded LAN host still the LAN address. */
  source: IpAddress;
  destination: IpAddress;
  protocol: number;
  /** Ports, ICMP identifier, or 0: with the addresses and protocol this names a flow. */
  sourcePort: number;
  destinationPort: number;
  /** Made on this router, not forwarded. */
  isOwn: boolean;
  /** Lets it go on (encrypted, once a policy is in). The verdict can be given once. */
  release(): void;
  drop(): void;
}

/** What the kernel answers by itself for a pair, without asking the daemon. */
export type Verdict = 'pass' | 'encrypt' | 'deny';

export interface PairVerdict {
  wan: string;
  /** Addresses as the held packet had them. */
  source: IpAddress;
  destination: IpAddress;
  /** Source on the WAN, after NAT; equal to `source` without. */
  translatedSource: IpAddress;
  verdict: Verdict;
  /** Seconds until the kernel forgets and asks again. */
  lifespanSeconds: number;
}

export interface KernelEvents {
  held(packet: HeldPacket): void;
  /** One of the kinds that a WAN takes; true when it goes no further. Whole, from the IP header on. */
  taken(wan: string, packet: Uint8Array): boolean;
  /** A copy of a packet of a flow from outside, cut to 128 octets. */
  flowSeen(wan: string, packet: Uint8Array, stage: 'first' | 'answered'): void;
  /** An SA of ours reached a limit. */
  expired(sa: InstalledSa, kind: 'soft' | 'hard'): void;
  /** A policy of ours had no SA: the tunnel is gone and traffic wants it. */
  acquire(source: IpAddress, destination: IpAddress): void;
  /** Addresses came to a device, or went. */
  addressesChanged(): void;
  /** Our table vanished (firewall stop) and was rebuilt; every pair verdict was lost. */
  cacheLost(): void;
  /** The kernel channel broke for good; the daemon can not go on. */
  failed(reason: string): void;
}

/** Traffic that never is held, by WAN or for all: settled when the kernel room starts. */
export interface HoldRules {
  wans: readonly WanDevice[];
  /** Destinations that are never touched: multicast, private ranges, always-clear classes. */
  exemptDestinations: readonly Prefix[];
  /** Destinations that are held in spite of a covering exemption (a longer prefix). */
  heldDestinations: readonly Prefix[];
  /** Servers the router asks for names; DNS to them passes. */
  nameServers: readonly IpAddress[];
  /** ICMP type 3 code 13 instead of silence for denied pairs (OE-17). */
  rejectsDenied: boolean;
}

/** A part this machine lacks. `remedy` names the package or the step that mends it. */
export interface MissingPart {
  what: string;
  remedy: string;
}

export interface Kernel extends PacketPath {
  /** Looks for `ip xfrm`, ESP, nft and its queue; empty when all is there. */
  missingParts(): Promise<MissingPart[]>;
  /**
   * Takes over what an earlier run has left of these, before `start`, in the same order: the oldest
   * first. `undefined` for those that are not whole in the kernel; `staged` need no outbound state.
   */
  adopt(
    children: readonly ChildSa[],
    staged: readonly ChildSa[],
  ): Promise<readonly (InstalledSa | undefined)[]>;
  /**
   * Clears what an earlier run left of ours and was not adopted, opens the queues, and puts the table
   * with these pairs in the place of an earlier one, in one step: no packet finds none.
   */
  start(rules: HoldRules, events: KernelEvents, pairs?: readonly PairVerdict[]): Promise<void>;
  /** New rules without losing what is held or remembered. */
  update(rules: HoldRules): Promise<void>;
  /** Installs both states and all policies in one batch; on failure nothing of it stays. */
  install(sa: ChildSa): Promise<InstalledSa>;
  /**
   * Of a tunnel that takes the place of another one for the same traffic: the inbound state. What is
   * sent goes by the old one, until `activate`.
   */
  stage(sa: ChildSa): Promise<InstalledSa>;
  /** The outbound state of what was staged: being the younger one, it is what the kernel sends with. */
  activate(sa: InstalledSa): Promise<void>;
  /**
   * Removes the outbound state of one that is about to go, where another one for the same traffic can
   * be sent with; it is received with until `remove`.
   */
  stopSending(sa: InstalledSa): Promise<void>;
  /** Removes states and policies. Resolves also when the kernel had dropped them. */
  remove(sa: InstalledSa): Promise<void>;
  use(sa: InstalledSa): Promise<SaUse>;
  /** Writes the verdict for a pair into the forwarding cache. */
  remember(verdict: PairVerdict): Promise<void>;
  forget(
    pair: Pick<PairVerdict, 'wan' | 'source' | 'destination' | 'translatedSource'>,
  ): Promise<void>;
  /** True when a policy that is not ours covers the pair: a configured tunnel, never to be touched. */
  isConfigured(source: IpAddress, destination: IpAddress): Promise<boolean>;
  /**
   * True for our own addresses and for those behind us: what has a route of its own that leaves by no
   * WAN. An opportunistic peer may ask for nothing else on our side.
   */
  isOwnSide(address: IpAddress): Promise<boolean>;
  /** The source address a packet will carry on the WAN (masquerading, SNAT rules). */
  translate(
    packet: Pick<HeldPacket, 'wan' | 'source' | 'destination' | 'isOwn'>,
  ): Promise<IpAddress>;
  /** Addresses of a device now; global scope, usable as source. */
  deviceAddresses(device: string): Promise<IpAddress[]>;
  /** Takes everything of ours out of the kernel. */
  stop(): Promise<void>;
}
