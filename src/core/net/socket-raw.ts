/** Whole IPv4 packets of our own making, sent on a raw socket that receives nothing. */
import type { Platform } from '../platform/platform.js';
import { addressFromBytes } from './address.js';
import type { RawIpv4Options, RawIpv4Socket } from './network.js';
import { inetAddress } from './sockaddr.js';
import { hostInteger, type SocketCounters } from './socket-options.js';
import { bypassDirections, bypassOption, bypassPolicy } from './xfrm-bypass.js';

/** IPPROTO_RAW: the packet brings its header; the kernel fills in identification and checksum. */
const IPPROTO_RAW = 255;
const headerLength = 20;

/** Rejects with an `Error` that says what the kernel refused. */
export async function openRawIpv4(
  platform: Pick<Platform, 'sockets' | 'isBigEndian'>,
  counters: SocketCounters,
  { mark }: RawIpv4Options,
): Promise<RawIpv4Socket> {
  const { sockets, isBigEndian } = platform;
  const raw = await sockets.open('inet', 'raw', IPPROTO_RAW);
  try {
    const { SOL_SOCKET, SO_MARK } = await sockets.constants();
    if (mark !== undefined)
      await raw.setOption(SOL_SOCKET, SO_MARK, hostInteger(mark, isBigEndian));
    const { level, name } = bypassOption[4];
    for (const direction of bypassDirections)
      await raw.setOption(level, name, bypassPolicy(4, direction, isBigEndian));
  } catch (error) {
    raw.close();
    throw new Error(`raw socket: ${(error as Error).message}`);
  }
  return {
    send(packet) {
      if (packet.length < headerLength) return;
      const to = { address: addressFromBytes(packet.subarray(16, 20)), port: 0 };
      const from = { address: packet.slice(12, 16), interfaceIndex: 0 };
      raw.send(packet, inetAddress(to), from).catch(() => {
        counters.refusedSends++;
      });
    },
    close: () => raw.close(),
  };
}
