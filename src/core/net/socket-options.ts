/** What the sockets of a `SocketNetwork` share. */

/** Facts for status and metrics. */
export interface SocketCounters {
  /** Datagrams that the kernel, or a socket broker that does not keep up, did not take. */
  refusedSends: number;
  /** Times that a netlink socket lost messages because we read too slowly. */
  netlinkOverruns: number;
}

/** A C `int` or `uint32_t` in the host's byte order. */
export function hostInteger(value: number, isBigEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value >>> 0, !isBigEndian);
  return bytes;
}
