/** One machine of the memory network: the `Network` that code under test gets. */
import { familyOf, type IpAddress } from '../../src/core/net/address.js';
import type {
  Endpoint,
  LocalServer,
  NetlinkSocket,
  Network,
  RawIpv4Socket,
  StreamEvents,
  TcpConnection,
  TcpOptions,
  UdpOptions,
} from '../../src/core/net/network.js';
import type { MemoryNetwork } from './memory-network.js';
import { connectStreams } from './memory-stream.js';
import { MemoryUdpSocket } from './memory-udp.js';

type Accept = (connection: TcpConnection) => StreamEvents;

/** Plays the kernel's side of a netlink socket: gets what is sent, answers with `reply`. */
export type NetlinkKernel = (
  message: Uint8Array,
  reply: (message: Uint8Array) => void,
  protocol: number,
) => void;

export class MemoryHost implements Network {
  /** Addresses can be added and taken away at any time. */
  readonly addresses: IpAddress[];
  readonly udpSockets: MemoryUdpSocket[] = [];
  /** Answers netlink messages; silence when absent. */
  netlinkKernel: NetlinkKernel | undefined;
  readonly #network: MemoryNetwork;
  readonly #tcpServers = new Map<number, Accept>();
  readonly #localServers = new Map<string, Accept>();
  #nextPort = 49152;

  constructor(network: MemoryNetwork, addresses: IpAddress[]) {
    this.#network = network;
    this.addresses = addresses;
  }

  async udp(options: UdpOptions): Promise<MemoryUdpSocket> {
    const port = options.port === 0 ? this.#nextPort++ : options.port;
    const where = options.address ?? (options.family === 4 ? '0.0.0.0' : '::');
    const takes = (other: MemoryUdpSocket) =>
      other.port === port &&
      other.options.family === options.family &&
      other.options.device === options.device &&
      (!options.address || !other.options.address || options.address === other.options.address);
    if (this.udpSockets.some(takes))
      throw new Error(`udp port ${port} on ${where}: bind: Address in use`);
    if (options.address && !this.addresses.includes(options.address))
      throw new Error(`udp port ${port} on ${where}: bind: Address not available`);
    const socket = new MemoryUdpSocket(this.#network, this, options, port);
    this.udpSockets.push(socket);
    return socket;
  }

  /** The open socket that hears datagrams to an endpoint; a bound one before a wildcard. */
  socketFor(to: Endpoint): MemoryUdpSocket | undefined {
    const fitting = this.udpSockets.filter((socket) => socket.accepts(to));
    return fitting.find((socket) => socket.options.address !== undefined) ?? fitting[0];
  }

  sourceFor(destination: IpAddress): IpAddress | undefined {
    return this.addresses.find((own) => familyOf(own) === familyOf(destination));
  }

  forget(socket: MemoryUdpSocket): void {
    const at = this.udpSockets.indexOf(socket);
    if (at >= 0) this.udpSockets.splice(at, 1);
  }

  /** Whole packets that were sent. */
  readonly rawPackets: Uint8Array[] = [];

  async rawIpv4(): Promise<RawIpv4Socket> {
    return { send: (packet) => void this.rawPackets.push(packet), close: () => undefined };
  }

  async tcp(options: TcpOptions): Promise<TcpConnection> {
    const { to } = options;
    const accept = this.#network.hostOf(to.address)?.tcpServerAt(to.port);
    if (!accept) throw new Error(`tcp to ${to.address} port ${to.port}: Connection refused`);
    return connectStreams(options.events, accept);
  }

  tcpServerAt(port: number): Accept | undefined {
    return this.#tcpServers.get(port);
  }

  /** A TCP server of a test. */
  listenTcp(port: number, accept: Accept): LocalServer {
    this.#tcpServers.set(port, accept);
    return { close: () => void this.#tcpServers.delete(port) };
  }

  async listenLocal(path: string, accept: Accept): Promise<LocalServer> {
    if (this.#localServers.has(path)) throw new Error(`${path}: bind: Address in use`);
    this.#localServers.set(path, accept);
    return { close: () => void this.#localServers.delete(path) };
  }

  async connectLocal(path: string, events: StreamEvents): Promise<TcpConnection> {
    const accept = this.#localServers.get(path);
    if (!accept) throw new Error(`${path}: connect: No such file or directory`);
    return connectStreams(events, accept);
  }

  async netlink(
    protocol: number,
    _groups: number,
    receive: (message: Uint8Array) => void,
  ): Promise<NetlinkSocket> {
    let isOpen = true;
    const reply = (message: Uint8Array) =>
      void Promise.resolve().then(() => isOpen && receive(message));
    return {
      send: (message) => this.netlinkKernel?.(message, reply, protocol),
      close: () => {
        isOpen = false;
      },
    };
  }
}
