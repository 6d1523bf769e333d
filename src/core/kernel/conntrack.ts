/**
 * Looks up one flow in the connection tracking, with both its directions: so a router knows which of
 * its hosts is behind a translated address and port. IPv4.
 *
 * Documents: linux/netfilter/nfnetlink_conntrack.h, nf_conntrack_common.h.
 */
import { concat, uintBytes } from '../bytes/bytes.js';
import { addressBytes, addressFromBytes } from '../net/address.js';
import { type NetlinkCodec, NLM_F_REQUEST } from './netlink.js';
import { type AskerParts, NetlinkAsker } from './netlink-asker.js';
import type { Flow, FlowTuple } from './packet-path.js';

const NFNL_SUBSYS_CTNETLINK = 1;
/** IPCTNL_MSG_CT_NEW and IPCTNL_MSG_CT_GET */
const NEW = 0;
const GET = 1;
const AF_INET = 2;
const nfHeaderLength = 4;

const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_STATUS = 3;
const CTA_TUPLE_IP = 1;
const CTA_TUPLE_PROTO = 2;
const CTA_IP_V4_SRC = 1;
const CTA_IP_V4_DST = 2;
const CTA_PROTO_NUM = 1;
const CTA_PROTO_SRC_PORT = 2;
const CTA_PROTO_DST_PORT = 3;
const NESTED = 0x8000;
/** IPS_SEEN_REPLY */
const SEEN_REPLY = 2;

/** ENOENT: no such flow. */
const noFlow = 2;

/** Asks for the flow that a packet with this tuple belongs to, in either direction. */
export function flowRequest(codec: NetlinkCodec, sequence: number, tuple: FlowTuple): Uint8Array {
  const { protocol, source, sourcePort, destination, destinationPort } = tuple;
  const addresses = concat(
    codec.attribute(CTA_IP_V4_SRC, addressBytes(source)),
    codec.attribute(CTA_IP_V4_DST, addressBytes(destination)),
  );
  const ports = concat(
    codec.attribute(CTA_PROTO_NUM, uintBytes(protocol, 1)),
    codec.attribute(CTA_PROTO_SRC_PORT, uintBytes(sourcePort, 2)),
    codec.attribute(CTA_PROTO_DST_PORT, uintBytes(destinationPort, 2)),
  );
  const inside = concat(
    codec.attribute(CTA_TUPLE_IP | NESTED, addresses),
    codec.attribute(CTA_TUPLE_PROTO | NESTED, ports),
  );
  return codec.message(
    (NFNL_SUBSYS_CTNETLINK << 8) | GET,
    NLM_F_REQUEST,
    sequence,
    Uint8Array.of(AF_INET, 0, 0, 0),
    codec.attribute(CTA_TUPLE_ORIG | NESTED, inside),
  );
}

const number = (bytes: Uint8Array | undefined, length: number): number | undefined =>
  bytes?.length === length ? bytes.reduce((sum, byte) => sum * 256 + byte, 0) : undefined;

function readTuple(codec: NetlinkCodec, bytes: Uint8Array | undefined): FlowTuple | undefined {
  if (!bytes) return undefined;
  const parts = codec.attributes(bytes);
  const ip = codec.attributes(parts.get(CTA_TUPLE_IP) ?? new Uint8Array(0));
  const proto = codec.attributes(parts.get(CTA_TUPLE_PROTO) ?? new Uint8Array(0));
  const source = ip.get(CTA_IP_V4_SRC);
  const destination = ip.get(CTA_IP_V4_DST);
  const protocol = number(proto.get(CTA_PROTO_NUM), 1);
  if (source?.length !== 4 || destination?.length !== 4 || protocol === undefined) return undefined;
  return {
    protocol,
    source: addressFromBytes(source),
    sourcePort: number(proto.get(CTA_PROTO_SRC_PORT), 2) ?? 0,
    destination: addressFromBytes(destination),
    destinationPort: number(proto.get(CTA_PROTO_DST_PORT), 2) ?? 0,
  };
}

/** The flow in the kernel's answer, from behind the netlink header; `undefined` when it is cut short. */
export function readFlow(codec: NetlinkCodec, body: Uint8Array): Flow | undefined {
  if (body.length < nfHeaderLength) return undefined;
  const attributes = codec.attributes(body.subarray(nfHeaderLength));
  const original = readTuple(codec, attributes.get(CTA_TUPLE_ORIG));
  const reply = readTuple(codec, attributes.get(CTA_TUPLE_REPLY));
  if (!original || !reply) return undefined;
  const status = number(attributes.get(CTA_STATUS), 4) ?? 0;
  return { original, reply, isAnswered: (status & SEEN_REPLY) !== 0 };
}

export class Conntrack {
  readonly #asker: NetlinkAsker;

  constructor(parts: AskerParts) {
    this.#asker = new NetlinkAsker(parts, 'connection tracking');
  }

  open(): Promise<void> {
    return this.#asker.open();
  }

  close(): void {
    this.#asker.close();
  }

  /** `undefined` when there is no such flow. Rejects when the kernel can not be asked. */
  async flow(tuple: FlowTuple): Promise<Flow | undefined> {
    const { codec } = this.#asker;
    const answer = await this.#asker.ask((sequence) => flowRequest(codec, sequence, tuple));
    if (answer.kind === 'errno') {
      if (answer.errno === noFlow) return undefined;
      throw new Error(`connection tracking: errno ${answer.errno}; kmod-nf-conntrack-netlink?`);
    }
    const { message } = answer;
    const isFlow = message.type === ((NFNL_SUBSYS_CTNETLINK << 8) | NEW);
    return isFlow ? readFlow(codec, message.body) : undefined;
  }
}
