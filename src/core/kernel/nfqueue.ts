/**
 * The queues in which the kernel holds packets until the daemon has a verdict: one per WAN, all on
 * one netlink socket.
 */
import type { Logger } from '../log.js';
import type { NetlinkSocket, Network } from '../net/network.js';
import type { Timer, Timers } from '../platform/platform.js';
import type { HeldPacket, WanDevice } from './kernel.js';
import { NETLINK_NETFILTER, QueueCodec, type QueuedPacket } from './nfqueue-codec.js';
import { takeQueue } from './nft-path.js';
import { readHeaders } from './packet-headers.js';

/** Enough for IPv6 with some extension headers and the ports. */
const copyBytes = 128;
/** Taken packets are whole. */
const wholeBytes = 0xffff;
/** Packets that may wait in one queue; the kernel drops what comes above it. */
const maxWaiting = 1024;
const answerMs = 5000;

/** Errno by Linux's numbers, the same on all machines for these. */
const reasons: Record<number, string> = {
  1: 'not permitted, or another program has it',
  2: 'no packet queue in this kernel',
  12: 'out of memory',
  16: 'another program has it',
  22: 'not understood by the kernel',
};

export interface QueueEvents {
  /** `inputInterface` is the index of the interface it came in on, 0 for own packets. */
  held(packet: HeldPacket, inputInterface: number): void;
  /** A whole packet; true when it goes no further. */
  taken(wan: WanDevice, packet: Uint8Array): boolean;
}

export interface QueueParts {
  network: Network;
  timers: Timers;
  log: Logger;
  isBigEndian: boolean;
  markBit: number;
  firstQueue: number;
}

export class PacketQueues {
  readonly #parts: QueueParts;
  readonly #codec: QueueCodec;
  readonly #events: QueueEvents;
  readonly #waiting = new Map<number, { resolve(errno: number): void; timer: Timer }>();
  readonly #wans = new Map<number, WanDevice>();
  /** By the queue for packets that are taken. */
  readonly #takers = new Map<number, WanDevice>();
  readonly #bound = new Set<number>();
  #socket: NetlinkSocket | undefined;
  #sequence = 0;
  /** Packets whose headers could not be read; they were dropped. */
  malformed = 0;

  constructor(parts: QueueParts, events: QueueEvents) {
    this.#parts = parts;
    this.#events = events;
    this.#codec = new QueueCodec(parts.isBigEndian);
  }

  /** Opens the socket. Rejects when the kernel refuses. */
  async open(): Promise<void> {
    this.#socket = await this.#parts.network.netlink(NETLINK_NETFILTER, 0, (datagram) =>
      this.#receive(datagram),
    );
  }

  /** Binds the queues of all WANs that are not bound yet. Rejects when one can not be had. */
  async bind(wans: readonly WanDevice[]): Promise<void> {
    const { firstQueue } = this.#parts;
    this.#wans.clear();
    this.#takers.clear();
    for (const wan of wans) {
      this.#wans.set(firstQueue + wan.index, wan);
      if (wan.takes?.length) this.#takers.set(takeQueue(firstQueue, wan.index), wan);
    }
    for (const queue of this.#wans.keys()) await this.#bindOne(queue, copyBytes, false);
    for (const queue of this.#takers.keys()) await this.#bindOne(queue, wholeBytes, true);
  }

  async #bindOne(queue: number, bytes: number, isFailOpen: boolean): Promise<void> {
    if (this.#bound.has(queue)) return;
    await this.#ask(queue, (sequence) => this.#codec.bind(queue, sequence));
    await this.#ask(queue, (sequence) =>
      this.#codec.configure(queue, sequence, bytes, maxWaiting, isFailOpen),
    );
    this.#bound.add(queue);
  }

  /** Closes the socket; the kernel drops what still waits. */
  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
    this.#bound.clear();
    for (const { timer } of this.#waiting.values()) timer.cancel();
    this.#waiting.clear();
  }

  async #ask(queue: number, message: (sequence: number) => Uint8Array): Promise<void> {
    const sequence = ++this.#sequence;
    const errno = await new Promise<number>((resolve) => {
      const timer = this.#parts.timers.after(answerMs, () => this.#answered(sequence, -1));
      this.#waiting.set(sequence, { resolve, timer });
      this.#socket?.send(message(sequence));
    });
    if (errno === 0) return;
    const reason = errno < 0 ? 'the kernel does not answer' : (reasons[errno] ?? `errno ${errno}`);
    throw new Error(`netfilter queue ${queue}: ${reason}`);
  }

  #answered(sequence: number, errno: number): void {
    const waiting = this.#waiting.get(sequence);
    this.#waiting.delete(sequence);
    waiting?.timer.cancel();
    waiting?.resolve(errno);
  }

  #receive(datagram: Uint8Array): void {
    for (const message of this.#codec.read(datagram)) {
      if (message.kind === 'packet') this.#queued(message);
      else if (message.kind === 'acknowledgement' && this.#waiting.has(message.sequence))
        this.#answered(message.sequence, message.errno);
      // A verdict on a packet that is gone (its queue was flushed) is refused, and that is fine.
    }
  }

  #queued(packet: QueuedPacket): void {
    const taker = this.#takers.get(packet.queue);
    if (taker) {
      const accepts = !this.#events.taken(taker, packet.payload);
      this.#socket?.send(this.#codec.verdict(packet.queue, packet.id, accepts));
    } else this.#held(packet);
  }

  #held(packet: QueuedPacket): void {
    const wan = this.#wans.get(packet.queue);
    const headers = readHeaders(packet.payload);
    if (!wan || !headers) {
      this.malformed++;
      this.#parts.log.debug(`queue ${packet.queue}: packet ${packet.id} has no readable IP header`);
      this.#socket?.send(this.#codec.verdict(packet.queue, packet.id, false));
      return;
    }
    const held = {
      ...headers,
      wan: wan.name,
      isOwn: packet.isOwn,
      ...this.#verdictOnce(packet),
    };
    this.#events.held(held, packet.inputInterface);
  }

  #verdictOnce(packet: QueuedPacket): Pick<HeldPacket, 'release' | 'drop'> {
    let isGiven = false;
    const give = (accepts: boolean) => {
      if (isGiven) return;
      isGiven = true;
      // The router's own packet has had its policy look-up; a changed mark makes the kernel look
      // again. What is forwarded has it still before it.
      const mark = accepts && packet.isOwn ? (packet.mark | this.#parts.markBit) >>> 0 : undefined;
      this.#socket?.send(this.#codec.verdict(packet.queue, packet.id, accepts, mark));
    };
    return { release: () => give(true), drop: () => give(false) };
  }
}
