/**
 * A network within one process: hosts with addresses, UDP, TCP and local streams between them, and
 * a path whose loss, delay, duplication, order and content a test controls. Every UDP datagram is
 * captured with what became of it.
 *
 *     const clock = new SteppedClock();
 *     const world = new MemoryNetwork(clock);
 *     const alice = world.host('192.0.2.1', '2001:db8::1');   // a `Network`
 *     world.path.delayMs = 10;
 *     world.path.loses = (packet) => packet.number === 3;
 */
import type { IpAddress } from '../../src/core/net/address.js';
import { address } from '../../src/core/net/address.js';
import type { Endpoint } from '../../src/core/net/network.js';
import type { Clock, Timers } from '../../src/core/platform/platform.js';
import { MemoryHost } from './memory-host.js';
import type { MemoryUdpSocket } from './memory-udp.js';

/** A datagram on its way. */
export interface Packet {
  /** 1 for the first packet of this network, then counting. */
  readonly number: number;
  from: Endpoint;
  to: Endpoint;
  bytes: Uint8Array;
}

export interface Captured extends Packet {
  atMs: number;
  /** `unreachable`: no such host (silent) or a closed port (answered as ICMP port unreachable). */
  fate: 'sent' | 'lost' | 'unreachable';
}

/** What happens to packets on the way. All can be replaced at any time. */
export interface Path {
  /** One-way delay, of all packets or of each. With 0 a packet arrives in the same step. */
  delayMs: number | ((packet: Packet) => number);
  loses?: ((packet: Packet) => boolean) | undefined;
  duplicates?: ((packet: Packet) => boolean) | undefined;
  /** Such packets arrive `reorderMs` later than the rest. */
  reorders?: ((packet: Packet) => boolean) | undefined;
  reorderMs: number;
  /** Changes bytes or endpoints on the way: an attacker, or a NAT. Called before `loses`. */
  rewrites?: ((packet: Packet) => Packet) | undefined;
}

export class MemoryNetwork {
  readonly path: Path = { delayMs: 0, reorderMs: 5 };
  readonly captured: Captured[] = [];
  readonly #hosts = new Map<IpAddress, MemoryHost>();
  #packets = 0;

  constructor(readonly time: Clock & Timers) {}

  /** A new machine with these addresses. */
  host(...addresses: string[]): MemoryHost {
    const host = new MemoryHost(this, addresses.map(address));
    for (const own of host.addresses) {
      if (this.#hosts.has(own)) throw new Error(`memory network: ${own} is taken`);
      this.#hosts.set(own, host);
    }
    return host;
  }

  hostOf(destination: IpAddress): MemoryHost | undefined {
    return this.#hosts.get(destination);
  }

  /** Puts a datagram on the path, also a forged one. `sender` hears of a closed port. */
  transmit(from: Endpoint, to: Endpoint, bytes: Uint8Array, sender?: MemoryUdpSocket): void {
    const sent: Packet = { number: ++this.#packets, from, to, bytes: bytes.slice() };
    const packet = this.path.rewrites?.(sent) ?? sent;
    const capture = (fate: Captured['fate']) =>
      this.captured.push({ ...packet, atMs: this.time.monotonicMs(), fate });
    if (this.path.loses?.(packet)) {
      capture('lost');
      return;
    }
    if (!this.hostOf(packet.to.address)?.socketFor(packet.to)) {
      capture('unreachable');
      if (this.hostOf(packet.to.address)) this.later(packet, () => sender?.refused(to));
      return;
    }
    capture('sent');
    this.later(packet, () => this.#deliver(packet));
    if (this.path.duplicates?.(packet)) this.later(packet, () => this.#deliver(packet));
  }

  /** Runs `arrive` after the path's delay for a packet. */
  later(packet: Packet, arrive: () => void): void {
    const { delayMs, reorders, reorderMs } = this.path;
    const base = typeof delayMs === 'number' ? delayMs : delayMs(packet);
    const delay = base + (reorders?.(packet) ? reorderMs : 0);
    if (delay > 0) this.time.after(delay, arrive);
    else void Promise.resolve().then(arrive);
  }

  #deliver(packet: Packet): void {
    this.hostOf(packet.to.address)?.socketFor(packet.to)?.receive(packet);
  }
}

/** True for about `rate` (0..1) of the calls, the same ones for the same seed. */
export function chance(rate: number, seed = 1): () => boolean {
  let state = seed >>> 0;
  return () => {
    // Marsaglia's xorshift32: reproducible, and random enough to lose packets
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32 < rate;
  };
}
