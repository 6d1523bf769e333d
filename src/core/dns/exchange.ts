/**
 * One question put to the name servers until one answers: over UDP with EDNS0, over TCP when the
 * answer was cut, to the next server when one is silent or fails.
 *
 * Each exchange has sockets of its own, so the kernel chooses a fresh source port per question, and
 * every attempt has an id of its own (RFC 5452). Sockets stay open until the exchange ends: a late
 * answer to an earlier attempt counts as well. What does not match an attempt is ignored and does
 * not end the wait.
 */

import { familyOf, type IpFamily } from '../net/address.js';
import type { Datagram, Network, UdpSocket, Unreachable } from '../net/network.js';
import type { Timer, Timers } from '../platform/platform.js';
import type { ResolverCounters } from './counters.js';
import type { ResolverLimits } from './limits.js';
import { messageId, type Response, readResponse } from './message.js';
import { mixCase } from './name.js';
import { questionOf, writeQuery } from './query.js';
import { type Attempt, type Manner, nextStep, rcodeName } from './response-rules.js';
import type { ServerHealth } from './server.js';
import { type DnsServer, endpointOf, isFrom, isLoopback } from './server.js';
import { TcpQuery } from './tcp-query.js';

export interface ExchangeContext {
  network: Pick<Network, 'udp' | 'tcp'>;
  timers: Timers;
  limits: ResolverLimits;
  health: ServerHealth;
  counters: ResolverCounters;
  /** Firewall mark on all sockets. */
  mark?: number;
  random(length: number): Uint8Array;
  /** Letters of random case in questions (0x20): more to guess, but some servers do not keep it. */
  mixesCase: boolean;
}

export type ExchangeResult =
  | { ok: true; response: Response; server: DnsServer; checkingDisabled: boolean }
  | { ok: false; reason: string };

const message = (error: unknown) => (error instanceof Error ? error.message : String(error));

export class Exchange {
  readonly result: Promise<ExchangeResult>;
  readonly #context: ExchangeContext;
  readonly #question: { name: string; type: number };
  readonly #servers: readonly DnsServer[];
  readonly #failed = new Map<DnsServer, string>();
  readonly #hinted = new Set<DnsServer>();
  readonly #attempts: Attempt[] = [];
  readonly #sockets = new Map<IpFamily, Promise<UdpSocket>>();
  readonly #streams: TcpQuery[] = [];
  readonly #deadline: Timer;
  #wait: Timer | undefined;
  #turn = 0;
  #wrong = 0;
  #isOver = false;
  #resolve!: (result: ExchangeResult) => void;

  constructor(
    context: ExchangeContext,
    servers: readonly DnsServer[],
    question: { name: string; type: number },
  ) {
    this.#context = context;
    this.#question = question;
    this.#servers = context.health.order(servers);
    this.result = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#deadline = context.timers.after(context.limits.budgetMs, () => this.#outOfTime());
    this.#askNext();
  }

  /** Ends the exchange without an answer. */
  stop(reason: string): void {
    this.#end({ ok: false, reason });
  }

  #end(result: ExchangeResult): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#deadline.cancel();
    this.#wait?.cancel();
    for (const stream of this.#streams) stream.close();
    for (const socket of this.#sockets.values())
      socket.then((open) => open.close()).catch(() => {});
    this.#resolve(result);
  }

  #outOfTime(): void {
    const waiting = this.#servers.filter((server) => !this.#failed.has(server));
    for (const server of waiting) this.#context.health.silent(server);
    const silent = waiting.map((server) => server.address).join(', ');
    const wrong = this.#wrong > 0 ? `, ${this.#wrong} wrong answers ignored` : '';
    this.stop(`no answer from ${silent} in ${this.#context.limits.budgetMs} ms${wrong}`);
  }

  /** Asks the next server in turn that has not failed, and sets the time for the one after. */
  #askNext(): void {
    const usable = this.#servers.filter((server) => !this.#failed.has(server));
    if (usable.length === 0) {
      const reasons = [...this.#failed].map(([server, why]) => `${server.address}: ${why}`);
      this.stop(reasons.join('; ') || 'no name server is known');
      return;
    }
    const { firstWaitMs, nextWaitMs } = this.#context.limits;
    const turn = this.#turn++;
    const server = usable[turn % usable.length]!;
    this.#waitFor(server, turn === 0 ? firstWaitMs : nextWaitMs);
    this.#ask(server, { transport: 'udp', edns: true, checkingDisabled: false });
  }

  #waitFor(server: DnsServer, ms: number): void {
    this.#wait?.cancel();
    this.#wait = this.#context.timers.after(ms, () => {
      this.#context.health.silent(server);
      this.#askNext();
    });
  }

  #ask(server: DnsServer, manner: Manner): void {
    const id = this.#context.random(2).reduce((value, byte) => value * 256 + byte, 0);
    const { name, type } = this.#question;
    const asked = this.#context.mixesCase ? mixCase(name, this.#context.random(name.length)) : name;
    const query = writeQuery({ ...manner, id, name: asked, type });
    const attempt: Attempt = { ...manner, server, id, question: questionOf(query) };
    this.#attempts.push(attempt);
    if (manner.transport === 'tcp') this.#sendTcp(attempt, query);
    else this.#sendUdp(attempt, query);
  }

  #sendUdp(attempt: Attempt, query: Uint8Array): void {
    this.#context.counters.udpQueries++;
    this.#socket(familyOf(attempt.server.address)).then(
      (socket) => {
        if (!this.#isOver) socket.send(query, endpointOf(attempt.server));
      },
      (error: unknown) => this.#serverFailed(attempt.server, message(error)),
    );
  }

  #socket(family: IpFamily): Promise<UdpSocket> {
    const { network, mark } = this.#context;
    const known = this.#sockets.get(family);
    if (known) return known;
    const opened = network.udp({
      family,
      port: 0,
      ...(mark !== undefined && { mark }),
      onDatagram: (datagram) => this.#receive(datagram),
      onUnreachable: (event) => this.#unreachable(event),
    });
    this.#sockets.set(family, opened);
    return opened;
  }

  #sendTcp(attempt: Attempt, query: Uint8Array): void {
    const { network, mark, counters } = this.#context;
    counters.tcpQueries++;
    const target = { to: endpointOf(attempt.server), ...(mark !== undefined && { mark }) };
    const stream = new TcpQuery(network, target, query, {
      failed: (reason) => this.#serverFailed(attempt.server, `TCP: ${reason}`),
      message: (bytes) => {
        const isOurs = messageId(bytes) === attempt.id;
        if (!this.#take(isOurs ? [attempt] : [], bytes))
          this.#serverFailed(attempt.server, 'TCP: sent a wrong answer');
      },
    });
    this.#streams.push(stream);
  }

  #receive({ bytes, peer }: Datagram): void {
    if (this.#isOver) return;
    const id = messageId(bytes);
    const candidates = this.#attempts.filter(
      (attempt) => attempt.transport === 'udp' && attempt.id === id && isFrom(peer, attempt.server),
    );
    this.#take(candidates, bytes);
  }

  /** Takes a message as the answer to an attempt; false when it answers none. */
  #take(candidates: readonly Attempt[], bytes: Uint8Array): boolean {
    for (const attempt of candidates) {
      const response = readResponse(bytes, attempt.question);
      if (!response.ok) continue;
      // a duplicate must not do its work twice
      this.#attempts.splice(this.#attempts.indexOf(attempt), 1);
      this.#context.health.answered(attempt.server);
      this.#follow(attempt, response.value);
      return true;
    }
    this.#wrong++;
    this.#context.counters.wrongAnswers++;
    return false;
  }

  #follow(attempt: Attempt, response: Response): void {
    const { counters, limits } = this.#context;
    const { server, checkingDisabled } = attempt;
    const next = nextStep(response, attempt);
    if (response.truncated) counters.truncated++;
    if (next.act === 'use') {
      counters.answers++;
      this.#end({ ok: true, response, server, checkingDisabled });
    } else if (next.act === 'again') {
      // the others wait: they might answer without the proof that this one is about to refuse
      this.#waitFor(server, limits.nextWaitMs);
      this.#ask(server, { ...attempt, ...next.manner });
    } else {
      this.#serverFailed(server, rcodeName(response.rcode));
    }
  }

  /** A server is out of this exchange; the next one is asked at once. */
  #serverFailed(server: DnsServer, why: string): void {
    if (this.#isOver || this.#failed.has(server)) return;
    this.#context.counters.serverFailures++;
    this.#failed.set(server, why);
    this.#askNext();
  }

  /**
   * ICMP is easily forged: it only makes us ask the next server earlier, and only once per server.
   * What our own kernel says, or comes from loopback, is true: no resolver can be reached there.
   */
  #unreachable({ peer, errno, icmp }: Unreachable): void {
    const server = this.#attempts.find((attempt) => isFrom(peer, attempt.server))?.server;
    if (!server || this.#isOver) return;
    if (!icmp || isLoopback(server)) {
      this.#serverFailed(server, `unreachable (errno ${errno})`);
    } else if (this.#servers.length > 1 && !this.#hinted.has(server)) {
      this.#hinted.add(server);
      this.#askNext();
    }
  }
}
