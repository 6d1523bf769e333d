/** A UDP socket of the memory network. */
import { familyOf, type IpAddress } from '../../src/core/net/address.js';
import type { Endpoint, UdpOptions, UdpSocket } from '../../src/core/net/network.js';
import type { MemoryHost } from './memory-host.js';
import type { MemoryNetwork, Packet } from './memory-network.js';

const ECONNREFUSED = 111;
const ENETUNREACH = 101;

export class MemoryUdpSocket implements UdpSocket {
  /** Options as the code under test gave them, for assertions on mark, device and so on. */
  readonly options: UdpOptions;
  readonly port: number;
  readonly #network: MemoryNetwork;
  readonly #host: MemoryHost;
  #isOpen = true;

  constructor(network: MemoryNetwork, host: MemoryHost, options: UdpOptions, port: number) {
    this.#network = network;
    this.#host = host;
    this.options = options;
    this.port = port;
  }

  accepts(to: Endpoint): boolean {
    const { family, address } = this.options;
    const fits = address === undefined ? familyOf(to.address) === family : address === to.address;
    return this.#isOpen && fits && to.port === this.port;
  }

  send(bytes: Uint8Array, to: Endpoint, from?: IpAddress): void {
    if (!this.#isOpen) return;
    const source = from ?? this.options.address ?? this.#host.sourceFor(to.address);
    if (source === undefined || !this.#host.addresses.includes(source))
      this.options.onUnreachable?.({ peer: to, errno: ENETUNREACH });
    else this.#network.transmit({ address: source, port: this.port }, to, bytes, this);
  }

  receive(packet: Packet): void {
    if (!this.#isOpen) return;
    this.options.onDatagram({
      bytes: packet.bytes.slice(),
      peer: packet.from,
      local: packet.to.address,
      interfaceIndex: 2,
    });
  }

  /** The port was closed there. */
  refused(peer: Endpoint): void {
    const icmp = this.options.family === 4 ? { type: 3, code: 3 } : { type: 1, code: 4 };
    if (this.#isOpen) this.options.onUnreachable?.({ peer, errno: ECONNREFUSED, icmp });
  }

  close(): void {
    this.#isOpen = false;
    this.#host.forget(this);
  }
}
