/**
 * G2, the gateway of the flow's target: sees an answered flow from outside, asks with a Probe Request,
 * and confirms a Probe Response with a Probe Complete. Then IKE comes from the other side.
 */
import { concat, uintBytes } from '../../../core/bytes/bytes.js';
import { toHex } from '../../../core/bytes/hex.js';
import type { IpAddress } from '../../../core/net/address.js';
import { protocols, writeIpv4 } from '../../../core/net/ipv4.js';
import type { ProvenPath } from '../path.js';
import { attemptKey } from './attempts.js';
import { Candidates } from './candidates.js';
import { type ProbingEnvironment, refusal } from './environment.js';
import { writeIcmpProbe } from './icmp.js';
import type { Exchange } from './memory.js';
import { type ProbedFlow, saltLength, sealNonce } from './nonce.js';
import { mostOpened, mostSent } from './numbers.js';
import { retransmitMs } from './options.js';
import { TokenBucket } from './token-bucket.js';
import type { UdpProbe } from './udp.js';

const nothing = new Uint8Array(0);

export class ProbeResponder {
  readonly candidates: Candidates;
  readonly #openings: TokenBucket;
  #isStopped = false;

  constructor(private readonly env: ProbingEnvironment) {
    this.#openings = new TokenBucket(env.clock, mostOpened);
    this.candidates = new Candidates(env.clock, env.options.probes ? env.options.protocols : []);
  }

  /** A copy of a packet from outside. */
  seen(packet: Uint8Array, stage: 'first' | 'answered'): void {
    const candidate = this.candidates.seen(packet, stage);
    if (!candidate) return;
    const { source, sourcePort, destination, destinationPort, protocol } = candidate.flow;
    const flow = {
      ...{ protocol, h1: source, port1: sourcePort, h2: destination, port2: destinationPort },
    };
    this.#guard(this.#consider(flow, candidate.first));
  }

  stop(): void {
    this.#isStopped = true;
  }

  #guard(work: Promise<void>): void {
    work.catch((error) => this.env.log.error(`probing: ${String(error)}`));
  }

  async #consider(flow: ProbedFlow, first: Uint8Array): Promise<void> {
    const { env } = this;
    env.counters.count('candidates');
    const why = await refusal(env, { ours: flow.h2, theirs: flow.h1 });
    if (why) {
      env.counters.count('candidates refused');
      env.log.debug(`no probe for ${flow.h1} → ${flow.h2}: ${why}`);
      return;
    }
    const g2 = env.addresses()[0];
    const attempt = attemptKey(env.options.retryKey, flow.h1, flow.h2);
    if (!g2 || this.#isStopped) return;
    if (!env.memory.attempts.begin(attempt, env.options.retryInterval)) {
      env.counters.count('candidates probed before');
      return;
    }
    env.memory.changed();
    this.#begin({ flow, quoted: first, completes: 0, attempt }, g2);
  }

  #begin(exchange: Exchange, g2: IpAddress): void {
    const { memory, random, clock, numbers, log } = this.env;
    const { flow } = exchange;
    const binding = { role: 'R', g2, bound: nothing } as const;
    const salt = random(saltLength);
    const nonceR = sealNonce(memory.keys.current(), salt, flow, clock.wallSeconds(), binding);
    if (!memory.exchanges.add(toHex(nonceR), exchange)) return;
    const natDetect = { address: flow.h1, port: flow.port1 };
    const probe = { kind: 'request', vendorId: numbers.vendorId, nonceR, natDetect } as const;
    const wire = { source: g2, destination: flow.h1, probe };
    log.debug(`probing ${flow.h1} for ${flow.h2}`);
    this.#sendRequest(exchange, writeIcmpProbe(wire, exchange.quoted, numbers), 0);
  }

  /**
   * AV-92: the same octets once more, until IKE comes. An answer is not enough to stop: the Probe Complete
   * may get lost, and only another request makes G1 ask for it again (AV-91).
   */
  #sendRequest(exchange: Exchange, packet: Uint8Array, sentBefore: number): void {
    if (this.#isStopped || exchange.usedBy) return;
    const { path, counters, timers, options } = this.env;
    path.send(packet);
    counters.count('Probe Requests sent');
    const pauseMs = retransmitMs(options)[sentBefore];
    if (pauseMs !== undefined)
      timers.after(pauseMs, () => this.#sendRequest(exchange, packet, sentBefore + 1));
  }

  /** False when the nonce is none of ours, and an option lets such messages pass. */
  response({ source, destination, probe }: UdpProbe, packet: Uint8Array): boolean {
    const { env } = this;
    const { memory, counters } = env;
    if (!this.#openings.take()) {
      counters.count('dropped: rate');
      return true;
    }
    const g2 = env.addresses().find((own) => this.#open(probe.nonceR, own)?.h2 === destination);
    const flow = g2 && this.#open(probe.nonceR, g2);
    if (!flow) {
      counters.count('dropped: Nonce-R is not ours');
      return env.options.foreignNonce === 'drop';
    }
    const name = toHex(probe.nonceR);
    const known = memory.exchanges.get(name) ?? this.#earlier(name, flow);
    const pair = { ours: flow.h2, theirs: flow.h1 };
    const { nonceI, nonceR } = probe;
    const path: ProvenPath = {
      ...{ role: 'responder', pair, local: g2, peerGateway: source, nonceI, nonceR },
    };
    if (known) this.#guard(this.#answer(known, path, packet));
    return true;
  }

  #open(nonceR: Uint8Array, g2: IpAddress): ProbedFlow | undefined {
    return this.env.memory.open(nonceR, { role: 'R', g2, bound: nothing })?.flow;
  }

  /** An exchange that began before a restart: all that is needed is in the nonce. */
  #earlier(name: string, flow: ProbedFlow): Exchange | undefined {
    const { memory, options } = this.env;
    const exchange: Exchange = {
      flow,
      quoted: quoteOf(flow),
      completes: memory.earlierCompletes.get(name) ?? 0,
      attempt: attemptKey(options.retryKey, flow.h1, flow.h2),
    };
    return memory.exchanges.add(name, exchange) ? exchange : undefined;
  }

  async #answer(exchange: Exchange, path: ProvenPath, response: Uint8Array): Promise<void> {
    const { env } = this;
    const { counters, numbers, options, log } = env;
    // Another gateway on the same path may answer as well; the first one counts
    const isOther = exchange.path && exchange.path.peerGateway !== path.peerGateway;
    if (isOther || exchange.usedBy || exchange.completes >= mostSent) {
      counters.count('dropped: answered before');
      return;
    }
    exchange.completes++;
    const why = await refusal(env, path.pair);
    if (why || this.#isStopped) {
      counters.count('dropped: policy');
      log.debug(`Probe Response of ${path.peerGateway} for ${path.pair.theirs}: ${why}`);
      return;
    }
    exchange.path ??= path;
    const { nonceI, nonceR } = path;
    const probe = { kind: 'complete', vendorId: numbers.vendorId, nonceI, nonceR } as const;
    const wire = { source: path.local, destination: path.peerGateway, probe };
    const quoted = options.completeEmbeds === 'clear' ? exchange.quoted : response.slice(0, 128);
    env.path.send(writeIcmpProbe(wire, quoted, numbers));
    counters.count('Probe Completes sent');
  }
}

/** The head of a packet of this flow, for want of a real one. */
function quoteOf({ protocol, h1, port1, h2, port2 }: ProbedFlow): Uint8Array {
  const hasPorts = protocol === protocols.tcp || protocol === protocols.udp;
  const ports = hasPorts ? concat(uintBytes(port1, 2), uintBytes(port2, 2)) : new Uint8Array(4);
  const payload = concat(ports, new Uint8Array(16));
  return writeIpv4({ source: h1, destination: h2, protocol, payload });
}
