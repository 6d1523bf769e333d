/**
 * Netlink's header and attributes, for all protocols: numbers are in the host's byte order. Pure.
 *
 * Documents: netlink(7), linux/netlink.h.
 */
import { concat, uintBytes } from '../bytes/bytes.js';

export const NLMSG_ERROR = 2;
export const NLM_F_REQUEST = 1;
export const NLM_F_ACK = 4;

const headerLength = 16;
const attributeHeaderLength = 4;
const aligned = (length: number): number => (length + 3) & ~3;

export interface NetlinkMessage {
  type: number;
  /** Of the request it answers. */
  sequence: number;
  /** What follows the header. */
  body: Uint8Array;
}

/** Reads and writes netlink messages in one byte order. */
export class NetlinkCodec {
  constructor(private readonly isBigEndian: boolean) {}

  message(type: number, flags: number, sequence: number, ...parts: Uint8Array[]): Uint8Array {
    const body = concat(...parts);
    return concat(
      this.hostBytes(headerLength + body.length, 4),
      this.hostBytes(type, 2),
      this.hostBytes(flags, 2),
      this.hostBytes(sequence, 4),
      this.hostBytes(0, 4), // from no port: the kernel knows the socket
      body,
    );
  }

  attribute(type: number, value: Uint8Array): Uint8Array {
    const length = attributeHeaderLength + value.length;
    return concat(
      this.hostBytes(length, 2),
      this.hostBytes(type, 2),
      value,
      new Uint8Array(aligned(length) - length),
    );
  }

  /**
   * The messages of one datagram, up to the first that is cut short: the kernel is trusted, yet a
   * length is believed only after it was compared.
   */
  messages(datagram: Uint8Array): NetlinkMessage[] {
    const messages: NetlinkMessage[] = [];
    for (let at = 0; at + headerLength <= datagram.length; ) {
      const length = this.hostUint(datagram, at, 4);
      if (length < headerLength || at + length > datagram.length) break;
      messages.push({
        type: this.hostUint(datagram, at + 4, 2),
        sequence: this.hostUint(datagram, at + 8, 4),
        body: datagram.subarray(at + headerLength, at + length),
      });
      at += aligned(length);
    }
    return messages;
  }

  /** Attributes by type, up to the first that is cut short; of two with the same type the last one counts. */
  attributes(bytes: Uint8Array): Map<number, Uint8Array> {
    const found = new Map<number, Uint8Array>();
    for (let at = 0; at + attributeHeaderLength <= bytes.length; ) {
      const length = this.hostUint(bytes, at, 2);
      if (length < attributeHeaderLength || at + length > bytes.length) break;
      // the two upper bits are flags (nested, byte order)
      const type = this.hostUint(bytes, at + 2, 2) & 0x3fff;
      found.set(type, bytes.slice(at + attributeHeaderLength, at + length));
      at += aligned(length);
    }
    return found;
  }

  /** Errno of an NLMSG_ERROR, 0 for an acknowledgement; `undefined` when it is cut short. */
  errno({ body }: NetlinkMessage): number | undefined {
    return body.length < 4 ? undefined : -(this.hostUint(body, 0, 4) | 0) || 0;
  }

  hostBytes(value: number, length: number): Uint8Array {
    const bytes = uintBytes(value, length);
    return this.isBigEndian ? bytes : bytes.reverse();
  }

  /** Unsigned. The caller has checked that the bytes are there. */
  hostUint(bytes: Uint8Array, at: number, length: number): number {
    let value = 0;
    for (let i = 0; i < length; i++)
      value = value * 256 + bytes[at + (this.isBigEndian ? i : length - 1 - i)]!;
    return value;
  }
}
