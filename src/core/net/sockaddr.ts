/**
 * Socket addresses of Linux as bytes, without the family (which the socket broker adds). Ports and
 * IP addresses are in network order; port ids and groups of netlink in the host's.
 */
import { utf8 } from '../bytes/text.js';
import type { RawAddress } from '../platform/platform.js';
import {
  addressBytes,
  addressFromBytes,
  familyOf,
  type IpAddress,
  type IpFamily,
} from './address.js';
import type { Endpoint } from './network.js';

/** `sockaddr_in` after the family: port, address, 8 zero bytes. */
const INET_LENGTH = 14;
/** `sockaddr_in6`: port, flow information (4), address (16), scope id (4). */
const INET6_LENGTH = 26;
const INET6_ADDRESS = 6;

export const wildcard = (family: IpFamily): IpAddress =>
  (family === 4 ? '0.0.0.0' : '::') as IpAddress;

export function inetAddress({ address, port }: Endpoint): RawAddress {
  const isIpv4 = familyOf(address) === 4;
  const bytes = new Uint8Array(isIpv4 ? INET_LENGTH : INET6_LENGTH);
  bytes[0] = port >> 8;
  bytes[1] = port & 255;
  bytes.set(addressBytes(address), isIpv4 ? 2 : INET6_ADDRESS);
  return { family: isIpv4 ? 'inet' : 'inet6', bytes };
}

/** `undefined` for another family, or bytes that are too short. */
export function endpointOf(raw: RawAddress | undefined): Endpoint | undefined {
  if (!raw) return undefined;
  const { family, bytes } = raw;
  const port = (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0);
  if (family === 'inet' && bytes.length >= 6)
    return { address: addressFromBytes(bytes.subarray(2, 6)), port };
  if (family === 'inet6' && bytes.length >= INET6_ADDRESS + 16)
    return { address: addressFromBytes(bytes.subarray(INET6_ADDRESS, INET6_ADDRESS + 16)), port };
  return undefined;
}

/** The longest path that fits `sockaddr_un` with its final zero. */
const LONGEST_PATH = 107;

/** Throws when the path is too long for a socket. */
export function unixAddress(path: string): RawAddress {
  const bytes = utf8(path);
  if (bytes.length > LONGEST_PATH)
    throw new Error(`${path}: a socket's path has at most ${LONGEST_PATH} bytes`);
  return { family: 'unix', bytes };
}

/** `sockaddr_nl`: 2 zero bytes, port id (0: the kernel, or its choice), multicast groups. */
export function netlinkAddress(groups: number, isBigEndian: boolean): RawAddress {
  const bytes = new Uint8Array(10);
  new DataView(bytes.buffer).setUint32(6, groups, !isBigEndian);
  return { family: 'netlink', bytes };
}
