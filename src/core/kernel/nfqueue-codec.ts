/**
 * Messages of netfilter's packet queue: configuration and verdicts to the kernel, packets from it.
 * Pure. Netlink headers are in the host's byte order, what nfnetlink adds is big-endian.
 *
 * Documents: linux/netlink.h, linux/netfilter/nfnetlink.h, nfnetlink_queue.h.
 */
import { concat, uintBytes } from '../bytes/bytes.js';
import {
  NetlinkCodec,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_REQUEST,
  NLMSG_ERROR,
} from './netlink.js';

export const NETLINK_NETFILTER = 12;

const NFNL_SUBSYS_NFTABLES = 10;
const NFNL_SUBSYS_QUEUE = 3;

const NFQNL_MSG_PACKET = 0;
const NFQNL_MSG_VERDICT = 1;
const NFQNL_MSG_CONFIG = 2;

const NFQA_CFG_CMD = 1;
const NFQA_CFG_PARAMS = 2;
const NFQA_CFG_QUEUE_MAXLEN = 3;
const NFQA_CFG_MASK = 4;
const NFQA_CFG_FLAGS = 5;
const NFQNL_CFG_CMD_BIND = 1;
const NFQNL_COPY_PACKET = 2;
/** A full queue lets packets pass. */
const NFQA_CFG_F_FAIL_OPEN = 1;
/** Large packets come whole, not cut into segments. */
const NFQA_CFG_F_GSO = 4;

const NFQA_PACKET_HDR = 1;
const NFQA_VERDICT_HDR = 2;
const NFQA_MARK = 3;
const NFQA_IFINDEX_INDEV = 5;
const NFQA_PAYLOAD = 10;

const NF_DROP = 0;
const NF_ACCEPT = 1;
const NF_INET_LOCAL_OUT = 3;

const nfHeaderLength = 4;

/** A packet as the kernel queued it. */
export interface QueuedPacket {
  kind: 'packet';
  queue: number;
  id: number;
  /** Made on this machine, not forwarded. */
  isOwn: boolean;
  mark: number;
  /** Interface it came in on, 0 when it was made here. */
  inputInterface: number;
  /** The first bytes, from the IP header on. */
  payload: Uint8Array;
}

/** Answer to a request of ours; `errno` is 0 when it was done. */
export interface Acknowledgement {
  kind: 'acknowledgement';
  sequence: number;
  errno: number;
}

/** Something changed in a ruleset; told to listeners of the group NFNLGRP_NFTABLES. */
export interface RulesetChange {
  kind: 'ruleset';
  /** NFT_MSG_*: 2 is "table deleted", 12 and 14 are about elements of sets. */
  change: number;
  /** Name of the table, where the message has one. */
  table: string;
}

export type QueueMessage = QueuedPacket | Acknowledgement | RulesetChange;

/** Reads and writes netlink messages in one byte order. */
export class QueueCodec {
  readonly #netlink: NetlinkCodec;

  constructor(isBigEndian: boolean) {
    this.#netlink = new NetlinkCodec(isBigEndian);
  }

  /** Takes a queue for this socket. The kernel answers EPERM or EBUSY when it can not be had. */
  bind(queue: number, sequence: number): Uint8Array {
    const command = Uint8Array.of(NFQNL_CFG_CMD_BIND, 0, 0, 0);
    return this.#config(queue, sequence, this.#attribute(NFQA_CFG_CMD, command));
  }

  /**
   * What is copied of each packet, how many may wait, and whether a full queue drops. One that drops has
   * large packets whole, not cut into segments; the other one has all checksums made.
   */
  configure(
    queue: number,
    sequence: number,
    copyBytes: number,
    maxLength: number,
    isFailOpen = false,
  ): Uint8Array {
    const flags = isFailOpen ? NFQA_CFG_F_FAIL_OPEN : NFQA_CFG_F_GSO;
    return this.#config(
      queue,
      sequence,
      this.#attribute(
        NFQA_CFG_PARAMS,
        concat(uintBytes(copyBytes, 4), uintBytes(NFQNL_COPY_PACKET, 1)),
      ),
      this.#attribute(NFQA_CFG_QUEUE_MAXLEN, uintBytes(maxLength, 4)),
      this.#attribute(NFQA_CFG_FLAGS, uintBytes(flags, 4)),
      this.#attribute(NFQA_CFG_MASK, uintBytes(NFQA_CFG_F_GSO | NFQA_CFG_F_FAIL_OPEN, 4)),
    );
  }

  /** Lets a packet go on or ends it. `mark` replaces the packet's mark. */
  verdict(queue: number, id: number, accepts: boolean, mark?: number): Uint8Array {
    const header = concat(uintBytes(accepts ? NF_ACCEPT : NF_DROP, 4), uintBytes(id, 4));
    const parts = [this.#attribute(NFQA_VERDICT_HDR, header)];
    if (mark !== undefined) parts.push(this.#attribute(NFQA_MARK, uintBytes(mark, 4)));
    return this.#message(NFQNL_MSG_VERDICT, queue, 0, NLM_F_REQUEST, parts);
  }

  /** The messages of one datagram; what is cut short or of another kind is left out. */
  read(datagram: Uint8Array): QueueMessage[] {
    return this.#netlink.messages(datagram).flatMap((message) => this.#readOne(message) ?? []);
  }

  #readOne(message: NetlinkMessage): QueueMessage | undefined {
    const { type, body } = message;
    if (type === NLMSG_ERROR) return this.#readError(message);
    if (body.length < nfHeaderLength) return undefined;
    const attributes = this.#netlink.attributes(body.subarray(nfHeaderLength));
    if (type === ((NFNL_SUBSYS_QUEUE << 8) | NFQNL_MSG_PACKET))
      return readPacket(bigUint(body, 2, 2), attributes);
    if (type >> 8 !== NFNL_SUBSYS_NFTABLES) return undefined;
    return { kind: 'ruleset', change: type & 255, table: text(attributes.get(1)) };
  }

  #readError(message: NetlinkMessage): Acknowledgement | undefined {
    const errno = this.#netlink.errno(message);
    if (errno === undefined) return undefined;
    return { kind: 'acknowledgement', sequence: message.sequence, errno };
  }

  #config(queue: number, sequence: number, ...parts: Uint8Array[]): Uint8Array {
    return this.#message(NFQNL_MSG_CONFIG, queue, sequence, NLM_F_REQUEST | NLM_F_ACK, parts);
  }

  #message(
    type: number,
    queue: number,
    sequence: number,
    flags: number,
    parts: readonly Uint8Array[],
  ): Uint8Array {
    // family unspecified, version 0, the queue's number as resource id
    const body = concat(uintBytes(0, 2), uintBytes(queue, 2), ...parts);
    return this.#netlink.message((NFNL_SUBSYS_QUEUE << 8) | type, flags, sequence, body);
  }

  #attribute(type: number, value: Uint8Array): Uint8Array {
    return this.#netlink.attribute(type, value);
  }
}

function bigUint(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = 0; i < length; i++) value = value * 256 + bytes[at + i]!;
  return value;
}

const number32 = (value: Uint8Array | undefined): number =>
  value && value.length >= 4 ? bigUint(value, 0, 4) : 0;

function readPacket(queue: number, attributes: Map<number, Uint8Array>): QueuedPacket | undefined {
  const header = attributes.get(NFQA_PACKET_HDR);
  if (!header || header.length < 7) return undefined;
  return {
    kind: 'packet',
    queue,
    id: bigUint(header, 0, 4),
    isOwn: header[6] === NF_INET_LOCAL_OUT,
    mark: number32(attributes.get(NFQA_MARK)),
    inputInterface: number32(attributes.get(NFQA_IFINDEX_INDEV)),
    payload: attributes.get(NFQA_PAYLOAD) ?? new Uint8Array(0),
  };
}

/** A name that ends with a zero byte. */
const text = (bytes: Uint8Array | undefined): string =>
  String.fromCharCode(...(bytes ?? new Uint8Array(0)).filter((byte) => byte !== 0).slice(0, 256));
