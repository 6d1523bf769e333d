/**
 * Packets on their way through a WAN, for plugins that find their peers there: some are taken off
 * before NAT, connection tracking and sockets see them, of others a copy is seen while they go on.
 * IPv4 only.
 */
import type { IpAddress } from '../net/address.js';

/** Packets that are taken. What is of this kind and nobody's goes on as if nothing had been. */
export type PacketKind =
  | { protocol: 'icmp'; type: number; code: number }
  /** `firstWord`: the first four octets of the payload. */
  | { protocol: 'udp'; destinationPort: number; firstWord: number };

/** What a plugin wants of a WAN's packets. Packets are whole, from the IP header on. */
export interface PathWatcher {
  readonly takes: readonly PacketKind[];
  /** True when it is the plugin's own: it goes no further. Must not wait. */
  take(packet: Uint8Array): boolean;
  /**
   * IP protocols of flows that come in from outside: 6 and 17 (those with ports). Copies are seen, up to 128 octets, of
   * a flow's first packet and of its first one behind an answer; then nothing more of the pair of
   * addresses for some time.
   */
  readonly watches: readonly number[];
  seen?(packet: Uint8Array, stage: 'first' | 'answered'): void;
}

/** Addresses and ports of packets in one direction, as they are on one side of NAT. */
export interface FlowTuple {
  protocol: number;
  source: IpAddress;
  sourcePort: number;
  destination: IpAddress;
  destinationPort: number;
}

/** A flow in the connection tracking, with both its directions. */
export interface Flow {
  original: FlowTuple;
  reply: FlowTuple;
  /** Packets came in both directions. */
  isAnswered: boolean;
}

export interface PacketPath {
  /** Sends a whole IPv4 packet as it is, but for its header checksum; passes by every IPsec policy. */
  send(packet: Uint8Array): void;
  /** The flow that packets with these addresses belong to, in either direction. */
  flow(tuple: FlowTuple): Promise<Flow | undefined>;
}
