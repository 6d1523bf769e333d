/** UDP on the platform's raw sockets. */
import type {
  Platform,
  RawMessage,
  RawSocket,
  SocketErrorEvent,
  Sockets,
} from '../platform/platform.js';
import { addressBytes, addressFromBytes, type IpAddress } from './address.js';
import type { Endpoint, UdpOptions, UdpSocket, Unreachable } from './network.js';
import { endpointOf, inetAddress, wildcard } from './sockaddr.js';
import { hostInteger, type SocketCounters } from './socket-options.js';
import { bypassDirections, bypassOption, bypassPolicy } from './xfrm-bypass.js';

const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
/** linux/udp.h */
const IPPROTO_UDP = 17;
const UDP_ENCAP = 100;
const UDP_ENCAP_ESPINUDP = 2;
/** `ee_origin` of ICMP and ICMPv6 errors; 1 is a local one. */
const ORIGIN_ICMP = 2;

class SocketUdp implements UdpSocket {
  #isOpen = true;

  constructor(
    private readonly raw: RawSocket,
    private readonly options: UdpOptions,
    private readonly counters: SocketCounters,
    readonly port: number,
  ) {
    raw.listenTo({
      message: (message) => this.#receive(message),
      error: (event) => this.#failed(event),
    });
  }

  send(bytes: Uint8Array, to: Endpoint, from?: IpAddress): void {
    if (!this.#isOpen) return;
    const local = from && { address: addressBytes(from), interfaceIndex: 0 };
    this.raw.send(bytes, inetAddress(to), local).catch((error) => {
      this.counters.refusedSends++;
      if (this.#isOpen) this.options.onUnreachable?.({ peer: to, errno: error.errno ?? 0 });
    });
  }

  close(): void {
    this.#isOpen = false;
    this.raw.close();
  }

  #receive({ bytes, peer, local }: RawMessage): void {
    const from = endpointOf(peer);
    if (!from) return;
    this.options.onDatagram({
      bytes,
      peer: from,
      local: local?.address.length
        ? addressFromBytes(local.address)
        : (this.options.address ?? wildcard(this.options.family)),
      interfaceIndex: local?.interfaceIndex ?? 0,
    });
  }

  #failed({ errno, origin, icmpType, icmpCode, peer }: SocketErrorEvent): void {
    const to = endpointOf(peer);
    if (!to) return;
    const event: Unreachable = { peer: to, errno };
    if (origin >= ORIGIN_ICMP) event.icmp = { type: icmpType, code: icmpCode };
    this.options.onUnreachable?.(event);
  }
}

/** Sets what must be set before `bind`. */
async function setOptions(
  raw: RawSocket,
  options: UdpOptions,
  sockets: Sockets,
  isBigEndian: boolean,
): Promise<void> {
  const { family } = options;
  const integer = (value: number) => hostInteger(value, isBigEndian);
  const constants = await sockets.constants();
  if (family === 6) await raw.setOption(IPPROTO_IPV6, IPV6_V6ONLY, integer(1));
  if (options.device !== undefined) await raw.bindToDevice(options.device);
  if (options.mark !== undefined)
    await raw.setOption(constants.SOL_SOCKET, constants.SO_MARK, integer(options.mark));
  if (options.bypassesIpsec) {
    const { level, name } = bypassOption[family];
    for (const direction of bypassDirections)
      await raw.setOption(level, name, bypassPolicy(family, direction, isBigEndian));
  }
  if (options.encapsulatesEsp)
    await raw.setOption(IPPROTO_UDP, UDP_ENCAP, integer(UDP_ENCAP_ESPINUDP));
}

/** Rejects with an `Error` that names port and address, and what the kernel said. */
export async function openUdp(
  platform: Pick<Platform, 'sockets' | 'isBigEndian'>,
  counters: SocketCounters,
  options: UdpOptions,
): Promise<UdpSocket> {
  const { family, port } = options;
  const address = options.address ?? wildcard(family);
  let raw: RawSocket | undefined;
  try {
    raw = await platform.sockets.open(family === 4 ? 'inet' : 'inet6', 'datagram', 0);
    await setOptions(raw, options, platform.sockets, platform.isBigEndian);
    await raw.bind(inetAddress({ address, port }));
    const bound = endpointOf(await raw.localAddress());
    return new SocketUdp(raw, options, counters, bound?.port ?? port);
  } catch (error) {
    raw?.close();
    throw new Error(`udp port ${port} on ${address}: ${(error as Error).message}`);
  }
}
