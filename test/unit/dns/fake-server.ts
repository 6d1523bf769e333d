/**
 * Name servers in the memory network. What they say is a function of the question. Questions are read
 * and answers written by dns-packet, a codec that is not ours.
 */
/// <reference path="../../support/dns-packet.d.ts" />
// the package of this name (test/run-unit.mjs), for there is none under qjs
import { Buffer } from 'buffer';
import dnsPacket, { type OptRecord } from 'dns-packet';
import { concat, uintBytes } from '../../../src/core/bytes/bytes.js';
import { RecordType, type RecordTypeNumber } from '../../../src/core/dns/resolver.js';
import {
  createStubResolver,
  type StubResolver,
  type StubResolverOptions,
} from '../../../src/core/dns/stub-resolver.js';
import { address } from '../../../src/core/net/address.js';
import { countingRandom } from '../../support/list-random.js';
import type { MemoryHost } from '../../support/memory-host.js';
import { MemoryNetwork } from '../../support/memory-network.js';
import { SteppedClock } from '../../support/stepped-clock.js';

export interface AskedQuestion {
  id: number;
  /** Letters as asked. */
  name: string;
  type: RecordTypeNumber;
  transport: 'udp' | 'tcp';
  checkingDisabled: boolean;
  authenticData: boolean;
  /** From the OPT record; absent without EDNS. */
  edns?: { payload: number; dnssecOk: boolean };
  /** Port that the question came from. */
  port: number;
}

export interface Rec {
  name: string;
  type: string;
  ttl: number;
  data: unknown;
}

export interface Reply {
  rcode?: number;
  /** Upper bits of the code, in an OPT record. */
  extendedRcode?: number;
  ad?: boolean;
  tc?: boolean;
  answers?: Rec[];
  authorities?: Rec[];
  /** Changes the finished message. */
  edit?(bytes: Uint8Array): Uint8Array;
  id?: number;
  question?: string;
}

/** Unknown types take their data as a Buffer. */
export const raw = (bytes: Uint8Array): unknown => Buffer.from(bytes);

export const txt = (name: string, ttl: number, ...strings: (string | Uint8Array)[]): Rec => ({
  name,
  type: 'TXT',
  ttl,
  data: strings.map((string) => Buffer.from(string as string)),
});

export const cname = (name: string, ttl: number, target: string): Rec => ({
  name,
  type: 'CNAME',
  ttl,
  data: target,
});

export const soa = (name: string, ttl: number, minimum: number): Rec => ({
  name,
  type: 'SOA',
  ttl,
  data: { mname: `ns.${name}`, rname: `root.${name}`, serial: 1, minimum },
});

function readQuestion(bytes: Uint8Array, transport: 'udp' | 'tcp', port: number): AskedQuestion {
  const { id, flags, questions, additionals } = dnsPacket.decode(Buffer.from(bytes));
  const [{ name, type }] = questions as [{ name: string; type: string }];
  const opt = additionals.find((record) => record.type === 'OPT') as OptRecord | undefined;
  return {
    id,
    name,
    type: RecordType[type as keyof typeof RecordType],
    transport,
    port,
    checkingDisabled: (flags & dnsPacket.CHECKING_DISABLED) !== 0,
    authenticData: (flags & dnsPacket.AUTHENTIC_DATA) !== 0,
    ...(opt && {
      edns: { payload: opt.udpPayloadSize, dnssecOk: (opt.flags & dnsPacket.DNSSEC_OK) !== 0 },
    }),
  };
}

export function writeReply(asked: { id: number; name: string; type: number }, reply: Reply) {
  const flags =
    0x180 |
    (reply.rcode ?? 0) |
    (reply.ad ? dnsPacket.AUTHENTIC_DATA : 0) |
    (reply.tc ? dnsPacket.TRUNCATED_RESPONSE : 0);
  const bytes = dnsPacket.encode({
    type: 'response',
    id: reply.id ?? asked.id,
    flags,
    questions: [{ name: reply.question ?? asked.name, type: `UNKNOWN_${asked.type}` }],
    answers: reply.answers ?? [],
    authorities: reply.authorities ?? [],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: 1232,
        flags: 0,
        ...(reply.extendedRcode !== undefined && { extendedRcode: reply.extendedRcode }),
      },
    ],
  });
  const message = Uint8Array.from(bytes);
  return reply.edit ? reply.edit(message) : message;
}

type Answer = (asked: AskedQuestion) => Reply | Reply[] | undefined;

/** A server that notes what it was asked, and says nothing where `answer` gives `undefined`. */
export class FakeServer {
  readonly asked: AskedQuestion[] = [];
  readonly host: MemoryHost;

  constructor(
    world: MemoryNetwork,
    readonly address: string,
    public answer: Answer,
  ) {
    this.host = world.host(address);
    void this.#listen();
    this.host.listenTcp(53, (connection) => {
      let held: Uint8Array = new Uint8Array();
      return {
        data: (bytes) => {
          held = concat(held, bytes);
          if (held.length < 2 || held.length < 2 + held[0]! * 256 + held[1]!) return;
          for (const reply of this.#replies(held.slice(2), 'tcp', 0)) {
            const framed = concat(uintBytes(reply.length, 2), reply);
            // in pieces, as TCP may, the last byte alone
            for (let at = 0; at < framed.length - 1; at += 1000)
              connection.send(framed.slice(at, Math.min(at + 1000, framed.length - 1)));
            connection.send(framed.slice(-1));
          }
        },
        close: () => undefined,
      };
    });
  }

  async #listen(): Promise<void> {
    const socket = await this.host.udp({
      family: this.address.includes(':') ? 6 : 4,
      port: 53,
      onDatagram: ({ bytes, peer }) => {
        for (const reply of this.#replies(bytes, 'udp', peer.port)) socket.send(reply, peer);
      },
    });
  }

  #replies(bytes: Uint8Array, transport: 'udp' | 'tcp', port: number): Uint8Array[] {
    const asked = readQuestion(bytes, transport, port);
    this.asked.push(asked);
    const replies = this.answer(asked) ?? [];
    return [replies].flat().map((reply) => writeReply(asked, reply));
  }
}

/** A client machine, its resolver, and time under control. */
export class Bench {
  readonly clock = new SteppedClock();
  readonly world = new MemoryNetwork(this.clock);
  readonly client = this.world.host('192.0.2.1', '2001:db8::1');

  server(own: string, answer: Answer): FakeServer {
    return new FakeServer(this.world, own, answer);
  }

  resolver(
    servers: readonly (FakeServer | string)[],
    options: Partial<StubResolverOptions> & { trusted?: readonly string[] } = {},
  ): StubResolver {
    const { trusted = [], ...rest } = options;
    const list = servers.map((server) => {
      const own = typeof server === 'string' ? server : server.address;
      return { address: address(own), trusted: trusted.includes(own) };
    });
    return createStubResolver({
      network: this.client,
      clock: this.clock,
      timers: this.clock,
      random: countingRandom(7),
      servers: () => list,
      ...rest,
    });
  }

  /** Steps time until `promise` ends; gives its value and how long it took. */
  async time<T>(promise: Promise<T>): Promise<{ value: T; ms: number }> {
    const start = this.clock.monotonicMs();
    let done = false;
    const value = promise.finally(() => {
      done = true;
    });
    await this.clock.advanceUntil(() => done, 60_000);
    return { value: await value, ms: this.clock.monotonicMs() - start };
  }
}
