/**
 * Asks the kernel which route it has for an address. One netlink socket for as long as the kernel room
 * lives: a process for each question would be slow when many tunnels come up at once.
 */
import type { IpAddress } from '../net/address.js';
import type { NetlinkSocket, Network } from '../net/network.js';
import type { Timers } from '../platform/platform.js';
import { Questions } from './questions.js';
import { NETLINK_ROUTE, type Route, type RouteAnswer, RouteCodec } from './route-codec.js';

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

export interface RouteLookupParts {
  network: Pick<Network, 'netlink'>;
  timers: Timers;
  isBigEndian: boolean;
}

export class RouteLookup {
  readonly #parts: RouteLookupParts;
  readonly #codec: RouteCodec;
  readonly #questions: Questions<RouteAnswer>;
  #socket: NetlinkSocket | undefined;

  constructor(parts: RouteLookupParts) {
    this.#parts = parts;
    this.#codec = new RouteCodec(parts.isBigEndian);
    this.#questions = new Questions(parts.timers);
  }

  /** Opens the socket. Rejects when the kernel refuses. */
  async open(): Promise<void> {
    this.#socket = await this.#parts.network.netlink(NETLINK_ROUTE, 0, (datagram) => {
      for (const answer of this.#codec.read(datagram))
        this.#questions.answer(answer.sequence, answer);
    });
  }

  /** `undefined` when packets to `address` go nowhere. Rejects when the kernel can not be asked. */
  async routeTo(address: IpAddress): Promise<Route | undefined> {
    const answer = await this.#ask(address).catch((error: Error) => {
      throw failure(address, error.message);
    });
    if (answer.kind === 'route') return answer.route;
    if (noRoute.includes(answer.errno)) return undefined;
    throw failure(address, `the kernel refuses with errno ${answer.errno}`);
  }

  async #ask(address: IpAddress): Promise<RouteAnswer> {
    const socket = this.#socket;
    if (!socket) throw new Error('the kernel room is not started');
    return this.#questions.ask((sequence) => socket.send(this.#codec.request(sequence, address)));
  }

  /** Closes the socket; what still waits is rejected. */
  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
    this.#questions.end('the kernel room is stopped');
  }
}

const failure = (address: IpAddress, reason: string): Error =>
  new Error(`route to ${address}: ${reason}`);
