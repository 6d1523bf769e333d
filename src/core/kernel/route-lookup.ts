/**
 * Asks the kernel which route it has for an address. One netlink socket for as long as the kernel room
 * lives: a process for each question would be slow when many tunnels come up at once.
 */
import type { IpAddress } from '../net/address.js';
import type { NetlinkSocket, Network } from '../net/network.js';
import type { Timer, Timers } from '../platform/platform.js';
import { NETLINK_ROUTE, type Route, type RouteAnswer, RouteCodec } from './route-codec.js';

/** The kernel answers at once; a loop that is busy with a hundred tunnels reads it late. */
const answerMs = 10_000;
/** The kernel drops answers that the socket has no room for; two questions per tunnel stay far below. */
const maxWaiting = 256;

/**
 * What the kernel says instead of a route (seen on Linux 6.18): ENETUNREACH when there is none or a
 * `throw` route, and the errno of a blackhole (EINVAL), an `unreachable` (EHOSTUNREACH) and a
 * `prohibit` route (EACCES). Of the numbers that MIPS has for itself no other machine uses the same.
 * All else (out of memory, not permitted) says nothing about routes.
 */
const noRoute: readonly number[] = [
  13, // EACCES
  22, // EINVAL
  101, // ENETUNREACH
  128, // ENETUNREACH on MIPS
  113, // EHOSTUNREACH
  148, // EHOSTUNREACH on MIPS
];

interface Waiting {
  address: IpAddress;
  timer: Timer;
  resolve(route: Route | undefined): void;
  reject(error: Error): void;
}

export interface RouteLookupParts {
  network: Pick<Network, 'netlink'>;
  timers: Timers;
  isBigEndian: boolean;
}

export class RouteLookup {
  readonly #parts: RouteLookupParts;
  readonly #codec: RouteCodec;
  /** By the sequence number of the question. */
  readonly #waiting = new Map<number, Waiting>();
  #socket: NetlinkSocket | undefined;
  #sequence = 0;

  constructor(parts: RouteLookupParts) {
    this.#parts = parts;
    this.#codec = new RouteCodec(parts.isBigEndian);
  }

  /** Opens the socket. Rejects when the kernel refuses. */
  async open(): Promise<void> {
    this.#socket = await this.#parts.network.netlink(NETLINK_ROUTE, 0, (datagram) => {
      for (const answer of this.#codec.read(datagram)) this.#answered(answer);
    });
  }

  /** `undefined` when packets to `address` go nowhere. Rejects when the kernel can not be asked. */
  routeTo(address: IpAddress): Promise<Route | undefined> {
    return new Promise((resolve, reject) => {
      if (!this.#socket) throw failure(address, 'the kernel room is not started');
      if (this.#waiting.size >= maxWaiting)
        throw failure(address, `${maxWaiting} questions wait for an answer already`);
      this.#sequence = (this.#sequence + 1) >>> 0;
      const sequence = this.#sequence;
      const timer = this.#parts.timers.after(answerMs, () =>
        this.#take(sequence)?.reject(failure(address, `no answer within ${answerMs} ms`)),
      );
      this.#waiting.set(sequence, { address, timer, resolve, reject });
      this.#socket.send(this.#codec.request(sequence, address));
    });
  }

  /** Closes the socket; what still waits is rejected. */
  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
    for (const sequence of [...this.#waiting.keys()]) {
      const waiting = this.#take(sequence);
      waiting?.reject(failure(waiting.address, 'the kernel room is stopped'));
    }
  }

  #answered(answer: RouteAnswer): void {
    const waiting = this.#take(answer.sequence);
    if (!waiting) return; // too late
    if (answer.kind === 'route') waiting.resolve(answer.route);
    else if (noRoute.includes(answer.errno)) waiting.resolve(undefined);
    else waiting.reject(failure(waiting.address, `the kernel refuses with errno ${answer.errno}`));
  }

  #take(sequence: number): Waiting | undefined {
    const waiting = this.#waiting.get(sequence);
    this.#waiting.delete(sequence);
    waiting?.timer.cancel();
    return waiting;
  }
}

const failure = (address: IpAddress, reason: string): Error =>
  new Error(`route to ${address}: ${reason}`);
