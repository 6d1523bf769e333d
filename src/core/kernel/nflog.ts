/**
 * Copies of packets that go on by themselves (netfilter's NFLOG): one group for each WAN whose flows
 * are watched.
 *
 * Documents: linux/netfilter/nfnetlink_log.h.
 */
import { concat, uintBytes } from '../bytes/bytes.js';
import type { WanDevice } from './kernel.js';
import { type NetlinkCodec, type NetlinkMessage, NLM_F_ACK, NLM_F_REQUEST } from './netlink.js';
import { type AskerParts, NetlinkAsker } from './netlink-asker.js';
import { answeredPrefix, watchGroup } from './nft-path.js';

const NFNL_SUBSYS_ULOG = 4;
/** NFULNL_MSG_PACKET and NFULNL_MSG_CONFIG */
const PACKET = 0;
const CONFIG = 1;
const nfHeaderLength = 4;

const NFULA_CFG_CMD = 1;
const NFULA_CFG_MODE = 2;
const NFULA_CFG_QTHRESH = 5;
const NFULNL_CFG_CMD_BIND = 1;
const NFULNL_COPY_PACKET = 2;
const NFULA_PAYLOAD = 9;
const NFULA_PREFIX = 10;

export interface LoggedPacket {
  group: number;
  /** Of the rule that made the copy. */
  prefix: string;
  packet: Uint8Array;
}

/** Takes a group for this socket; copies come at once, of as many octets as the rule says. */
export function bindRequest(codec: NetlinkCodec, sequence: number, group: number): Uint8Array {
  return codec.message(
    (NFNL_SUBSYS_ULOG << 8) | CONFIG,
    NLM_F_REQUEST | NLM_F_ACK,
    sequence,
    concat(uintBytes(0, 2), uintBytes(group, 2)),
    codec.attribute(NFULA_CFG_CMD, uintBytes(NFULNL_CFG_CMD_BIND, 1)),
    codec.attribute(
      NFULA_CFG_MODE,
      concat(uintBytes(0xffff, 4), uintBytes(NFULNL_COPY_PACKET, 1), uintBytes(0, 1)),
    ),
    codec.attribute(NFULA_CFG_QTHRESH, uintBytes(1, 4)),
  );
}

/** `undefined` for other messages, and what is cut short. */
export function readLogged(codec: NetlinkCodec, message: NetlinkMessage): LoggedPacket | undefined {
  const { type, body } = message;
  if (type !== ((NFNL_SUBSYS_ULOG << 8) | PACKET) || body.length < nfHeaderLength) return undefined;
  const attributes = codec.attributes(body.subarray(nfHeaderLength));
  const packet = attributes.get(NFULA_PAYLOAD);
  const prefix = attributes.get(NFULA_PREFIX) ?? new Uint8Array(0);
  const text = String.fromCharCode(...prefix.subarray(0, 64).filter((byte) => byte !== 0));
  return packet && { group: body[2]! * 256 + body[3]!, prefix: text, packet };
}

export type Seen = (wan: WanDevice, packet: Uint8Array, stage: 'first' | 'answered') => void;

export class PacketLog {
  readonly #asker: NetlinkAsker;
  readonly #groups = new Map<number, WanDevice>();
  readonly #bound = new Set<number>();

  constructor(
    private readonly parts: AskerParts & { firstQueue: number },
    private readonly seen: Seen,
  ) {
    this.#asker = new NetlinkAsker(parts, 'packet log', (message) => this.#receive(message));
  }

  open(): Promise<void> {
    return this.#asker.open();
  }

  close(): void {
    this.#asker.close();
    this.#bound.clear();
  }

  /** Binds the groups of WANs that are watched. Rejects when one can not be had. */
  async bind(wans: readonly WanDevice[]): Promise<void> {
    this.#groups.clear();
    for (const wan of wans) {
      if (!wan.watches?.length) continue;
      const group = watchGroup(this.parts.firstQueue, wan.index);
      this.#groups.set(group, wan);
      if (this.#bound.has(group)) continue;
      const { codec } = this.#asker;
      const answer = await this.#asker.ask((sequence) => bindRequest(codec, sequence, group));
      if (answer.kind !== 'errno' || answer.errno !== 0)
        throw new Error(
          `packet log group ${group}: errno ${answer.kind === 'errno' ? answer.errno : '?'}; kmod-nfnetlink-log?`,
        );
      this.#bound.add(group);
    }
  }

  #receive(message: NetlinkMessage): void {
    const logged = readLogged(this.#asker.codec, message);
    const wan = logged && this.#groups.get(logged.group);
    if (logged && wan)
      this.seen(wan, logged.packet, logged.prefix === answeredPrefix ? 'answered' : 'first');
  }
}
