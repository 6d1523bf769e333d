/**
 * One question to rtnetlink and its answers: which route does the kernel's table have for an address.
 * Pure.
 *
 * Documents: rtnetlink(7), linux/rtnetlink.h.
 */
import { addressBits, addressBytes, familyOf, type IpAddress } from '../net/address.js';
import { NetlinkCodec, type NetlinkMessage, NLM_F_REQUEST, NLMSG_ERROR } from './netlink.js';

export const NETLINK_ROUTE = 0;

const RTM_NEWROUTE = 24;
const RTM_GETROUTE = 26;
/** The route as it stands in the table, not what it means for this one address. */
const RTM_F_FIB_MATCH = 0x2000;

const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_MULTIPATH = 9;

/** RTN_*: the kinds of a route. */
export const routeTypes = {
  unicast: 1,
  local: 2,
  broadcast: 3,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
} as const;

/** Length of `struct rtmsg`, and of `struct rtnexthop`. */
const routeHeaderLength = 12;
const nextHopLength = 8;

const AF_INET = 2;
const AF_INET6 = 10;

export interface Route {
  /** One of `routeTypes`, or another number of the kernel. */
  type: number;
  /** Length of the destination's prefix; 0 is a default route. */
  prefixLength: number;
  /** Kernel indices of the interfaces it leaves by: several with multipath, none for a blackhole. */
  interfaces: number[];
}

/** `errno` is Linux's number on this machine; no route is an errno, too. */
export type RouteAnswer =
  | { kind: 'route'; sequence: number; route: Route }
  | { kind: 'refusal'; sequence: number; errno: number };

/** Reads and writes in one byte order. */
export class RouteCodec {
  readonly #netlink: NetlinkCodec;

  constructor(isBigEndian: boolean) {
    this.#netlink = new NetlinkCodec(isBigEndian);
  }

  request(sequence: number, address: IpAddress): Uint8Array {
    return this.#netlink.message(
      RTM_GETROUTE,
      NLM_F_REQUEST,
      sequence,
      // family, length of the destination; source, TOS, table, protocol, scope and type are open
      Uint8Array.of(familyOf(address) === 4 ? AF_INET : AF_INET6, addressBits(address)),
      new Uint8Array(6),
      this.#netlink.hostBytes(RTM_F_FIB_MATCH, 4),
      this.#netlink.attribute(RTA_DST, addressBytes(address)),
    );
  }

  /** The answers of one datagram; what is cut short or of another kind is left out. */
  read(datagram: Uint8Array): RouteAnswer[] {
    return this.#netlink.messages(datagram).flatMap((message) => this.#readOne(message) ?? []);
  }

  #readOne(message: NetlinkMessage): RouteAnswer | undefined {
    const { type, sequence, body } = message;
    if (type === NLMSG_ERROR) {
      const errno = this.#netlink.errno(message);
      return errno === undefined ? undefined : { kind: 'refusal', sequence, errno };
    }
    if (type !== RTM_NEWROUTE || body.length < routeHeaderLength) return undefined;
    return { kind: 'route', sequence, route: this.#readRoute(body) };
  }

  #readRoute(body: Uint8Array): Route {
    const attributes = this.#netlink.attributes(body.subarray(routeHeaderLength));
    const single = attributes.get(RTA_OIF);
    const several = attributes.get(RTA_MULTIPATH) ?? new Uint8Array(0);
    return {
      type: body[7]!,
      prefixLength: body[1]!,
      interfaces: [
        ...(single?.length === 4 ? [this.#netlink.hostUint(single, 0, 4)] : []),
        ...this.#nextHopInterfaces(several),
      ],
    };
  }

  /** Each next hop: length (2 bytes), flags, weight, interface (4 bytes), then attributes of its own. */
  #nextHopInterfaces(bytes: Uint8Array): number[] {
    const interfaces: number[] = [];
    for (let at = 0; at + nextHopLength <= bytes.length; ) {
      const length = this.#netlink.hostUint(bytes, at, 2);
      if (length < nextHopLength || at + length > bytes.length) break;
      interfaces.push(this.#netlink.hostUint(bytes, at + 4, 4));
      at += (length + 3) & ~3;
    }
    return interfaces;
  }
}
