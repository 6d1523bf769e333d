/**
 * The sockets of IKE: UDP 500 and 4500, IPv4 and IPv6. On 4500 a message stands behind four zero
 * bytes, the non-ESP marker (RFC 3948 §2.2), because ESP comes in there too.
 */
import { concat } from '../bytes/bytes.js';
import { familyOf, type IpFamily } from '../net/address.js';
import type { Datagram, Endpoint, Network, UdpSocket, Unreachable } from '../net/network.js';

export const IKE_PORT = 500;
export const NAT_PORT = 4500;

/** RFC 3948 §2.3 */
const KEEPALIVE = Uint8Array.of(0xff);
const MARKER = new Uint8Array(4);

/** Both ends of a conversation, as we see them. */
export interface Path {
  /** Port 500 or 4500. */
  local: Endpoint;
  remote: Endpoint;
}

export interface TransportEvents {
  message(bytes: Uint8Array, path: Path): void;
  unreachable(event: Unreachable): void;
}

export interface TransportOptions {
  network: Network;
  families: readonly IpFamily[];
  /** Firewall mark on all that is sent. */
  mark?: number | undefined;
}

export class Transport {
  readonly #sockets = new Map<string, UdpSocket>();

  constructor(
    private readonly options: TransportOptions,
    private readonly events: TransportEvents,
  ) {}

  /** Opens all sockets, or none and rejects with a sentence that names the port. */
  async start(): Promise<void> {
    try {
      for (const family of this.options.families)
        for (const port of [IKE_PORT, NAT_PORT])
          this.#sockets.set(`${family} ${port}`, await this.#open(family, port));
    } catch (error) {
      this.stop();
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`IKE can not start: ${reason}; is another IKE daemon running?`);
    }
  }

  send(bytes: Uint8Array, path: Path): void {
    const socket = this.#sockets.get(`${familyOf(path.local.address)} ${path.local.port}`);
    const marked = path.local.port === NAT_PORT ? concat(MARKER, bytes) : bytes;
    socket?.send(marked, path.remote, path.local.address);
  }

  /** Keeps a mapping in a NAT alive; nobody answers. */
  sendKeepalive(path: Path): void {
    const socket = this.#sockets.get(`${familyOf(path.local.address)} ${path.local.port}`);
    socket?.send(KEEPALIVE, path.remote, path.local.address);
  }

  stop(): void {
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  #open(family: IpFamily, port: number): Promise<UdpSocket> {
    const { network, mark } = this.options;
    return network.udp({
      family,
      port,
      bypassesIpsec: true,
      encapsulatesEsp: port === NAT_PORT,
      ...(mark === undefined ? {} : { mark }),
      onDatagram: (datagram) => this.#receive(datagram, port),
      onUnreachable: (event) => this.events.unreachable(event),
    });
  }

  #receive(datagram: Datagram, port: number): void {
    const path = { local: { address: datagram.local, port }, remote: datagram.peer };
    if (port === IKE_PORT) this.events.message(datagram.bytes, path);
    else if (datagram.bytes.length > 4 && datagram.bytes.slice(0, 4).every((byte) => byte === 0))
      this.events.message(datagram.bytes.slice(4), path);
    // anything else is a keepalive, or ESP that the kernel had no SA for
  }
}
