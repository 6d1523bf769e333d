/**
 * Typed sockets: what the DNS client, the IKE daemon and the control channel open. The real one
 * (`socket-network.ts`) sits on the platform's raw sockets; tests use an in-memory one, in which two
 * daemons talk within one process.
 */
import type { IpAddress, IpFamily } from './address.js';

export interface Endpoint {
  address: IpAddress;
  /** 0..65535 */
  port: number;
}

export interface Datagram {
  bytes: Uint8Array;
  peer: Endpoint;
  /** The address the peer had sent to; our source address for an answer. */
  local: IpAddress;
  /** Kernel interface index it came in on, 0 when unknown. */
  interfaceIndex: number;
}

/** A hint from the network (ICMP) or the kernel about a datagram we sent. Easily forged. */
export interface Unreachable {
  peer: Endpoint;
  errno: number;
  /** ICMP type and code, where the hint came from a packet. */
  icmp?: { type: number; code: number };
}

export interface UdpOptions {
  family: IpFamily;
  /** 0: the kernel chooses. */
  port: number;
  /** Wildcard when absent. */
  address?: IpAddress;
  /** Only this network device. */
  device?: string;
  /** Firewall mark on everything sent. */
  mark?: number;
  /** The kernel takes ESP in UDP off this socket (RFC 3948). */
  encapsulatesEsp?: boolean;
  /** Datagrams of this socket pass by every XFRM policy (as IKE must). */
  bypassesIpsec?: boolean;
  onDatagram(datagram: Datagram): void;
  onUnreachable?(event: Unreachable): void;
}

export interface UdpSocket {
  readonly port: number;
  /** Fire and forget; a refusal by the kernel is reported through `onUnreachable` or counted. */
  send(bytes: Uint8Array, to: Endpoint, from?: IpAddress): void;
  close(): void;
}

export interface TcpConnection {
  send(bytes: Uint8Array): void;
  close(): void;
}

export interface StreamEvents {
  data(bytes: Uint8Array): void;
  /** Once, when the other side ended or the connection failed. `reason` is empty for an orderly end. */
  close(reason: string): void;
}

export interface TcpOptions {
  to: Endpoint;
  mark?: number;
  events: StreamEvents;
}

/** A listening local (AF_UNIX) stream socket, for the control channel. */
export interface LocalServer {
  close(): void;
}

export interface NetlinkSocket {
  send(message: Uint8Array): void;
  close(): void;
}

export interface RawIpv4Options {
  /** Firewall mark on everything sent. */
  mark?: number;
}

export interface RawIpv4Socket {
  /** A whole packet; identification 0 and the header checksum are filled in. Fire and forget. */
  send(packet: Uint8Array): void;
  close(): void;
}

export interface Network {
  /** Sends IPv4 packets of our own making, by every XFRM policy. Rejects as `udp` does. */
  rawIpv4(options: RawIpv4Options): Promise<RawIpv4Socket>;
  /** Rejects with an `Error` whose message says what the kernel refused and why. */
  udp(options: UdpOptions): Promise<UdpSocket>;
  tcp(options: TcpOptions): Promise<TcpConnection>;
  listenLocal(
    path: string,
    accept: (connection: TcpConnection) => StreamEvents,
  ): Promise<LocalServer>;
  connectLocal(path: string, events: StreamEvents): Promise<TcpConnection>;
  /**
   * `protocol` is NETLINK_*; `receive` gets whole datagrams in the host's byte order. `overrun` is told
   * when messages got lost because they came faster than they were read.
   */
  netlink(
    protocol: number,
    groups: number,
    receive: (message: Uint8Array) => void,
    overrun?: () => void,
  ): Promise<NetlinkSocket>;
}
