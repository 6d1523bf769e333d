/**
 * G1, the gateway of the host that began the flow: answers a Probe Request that quotes a live flow of
 * its own with a Probe Response, and begins IKE when a Probe Complete comes with both nonces.
 */
import { toHex } from '../../../core/bytes/hex.js';
import type { IpAddress } from '../../../core/net/address.js';
import type { ProvenPath } from '../path.js';
import { type ProbingEnvironment, refusal } from './environment.js';
import { Fading } from './fading.js';
import type { ReceivedIcmpProbe } from './icmp.js';
import type { Probe } from './message.js';
import { type ProbedFlow, saltLength, sealNonce } from './nonce.js';
import { mostOpened, mostSent } from './numbers.js';
import { TokenBucket } from './token-bucket.js';
import { writeUdpProbe } from './udp.js';

/** A NAT on the path is told once in a while, not once per probe. */
const natToldMs = 3_600_000;
const mostNatsTold = 100;

type Request = ReceivedIcmpProbe & { probe: Probe & { kind: 'request' } };
type Complete = ReceivedIcmpProbe & { probe: Probe & { kind: 'complete' } };

export class ProbeInitiator {
  readonly #rate: TokenBucket;
  readonly #openings: TokenBucket;
  readonly #natsTold: Fading<true>;

  constructor(private readonly env: ProbingEnvironment) {
    this.#rate = new TokenBucket(env.clock, env.options.probeRate);
    this.#openings = new TokenBucket(env.clock, mostOpened);
    this.#natsTold = new Fading(env.clock, mostNatsTold, natToldMs);
  }

  request(received: Request): void {
    this.#answer(received).catch((error) => this.env.log.error(`probing: ${String(error)}`));
  }

  complete(received: Complete): void {
    this.#begin(received).catch((error) => this.env.log.error(`probing: ${String(error)}`));
  }

  #drop(reason: string, why: string): void {
    this.env.counters.count(`dropped: ${reason}`);
    this.env.log.debug(`probe dropped, ${reason}: ${why}`);
  }

  async #answer(received: Request): Promise<void> {
    const { env } = this;
    const { source: g2, destination, probe, quoted } = received;
    const local = env.addresses()[0];
    if (!local || !this.#isWanted(received)) return;
    const flow: ProbedFlow = {
      ...{ protocol: quoted.protocol, h1: quoted.source, port1: quoted.sourcePort },
      ...{ h2: quoted.destination, port2: quoted.destinationPort },
    };
    if (env.options.verifyFlow && !(await this.#flowOf(flow))) {
      this.#drop('flow', `${flow.h1} → ${flow.h2} is no flow that began here`);
      return;
    }
    const why = await refusal(env, { ours: destination, theirs: flow.h2 });
    if (why) {
      this.#drop('policy', why);
      return;
    }
    this.#respond(flow, probe.nonceR, g2, local);
  }

  /** What can be told at once, and without asking the kernel: a flood costs no more. */
  #isWanted({ source, destination, probe, quoted }: Request): boolean {
    const { env } = this;
    const { address, port } = probe.natDetect;
    if (quoted.source !== destination) {
      this.#drop('embedded packet', `of ${quoted.source}, sent to ${destination}`);
      return false;
    }
    if ((env.memory.responses.get(toHex(probe.nonceR)) ?? 0) >= mostSent) {
      this.#drop('answered before', 'three times');
      return false;
    }
    const hasPorts = quoted.sourcePort !== 0;
    if (address !== quoted.source || (hasPorts && port !== quoted.sourcePort)) {
      this.#drop('NAT between', `${source} sees ${address}:${port}`);
      this.#tellNat(source, address);
      return false;
    }
    if (env.addresses().includes(source) || !this.#rate.take()) {
      this.#drop('rate', `from ${source}`);
      return false;
    }
    return true;
  }

  /** AV-97 */
  #tellNat(g2: IpAddress, seen: IpAddress): void {
    if (this.#natsTold.get(g2) || !this.#natsTold.add(g2, true)) return;
    this.env.log.info(
      `${g2} could encrypt, but a NAT between us shows it ${seen} as our address: no tunnel`,
    );
  }

  /** The flow, if it began on our side and was answered. Found by what H2 sends, which is the same before and behind NAT. */
  async #flowOf({ protocol, h1, port1, h2, port2 }: ProbedFlow) {
    const flow = await this.env.path.flow({
      ...{ protocol, source: h2, sourcePort: port2, destination: h1, destinationPort: port1 },
    });
    if (!flow?.isAnswered) return undefined;
    const { reply } = flow;
    const isOurs =
      reply.source === h2 &&
      reply.destination === h1 &&
      reply.sourcePort === port2 &&
      reply.destinationPort === port1;
    return isOurs ? flow : undefined;
  }

  #respond(flow: ProbedFlow, nonceR: Uint8Array, g2: IpAddress, local: IpAddress): void {
    const { memory, random, clock, numbers, counters, options, path } = this.env;
    const name = toHex(nonceR);
    const sent = memory.responses.get(name) ?? 0;
    // While the kernel was asked another copy may have been answered
    if (sent >= mostSent || !memory.responses.add(name, sent + 1)) {
      this.#drop('rate', 'too many exchanges are under way');
      return;
    }
    const binding = { role: 'I', g2, bound: nonceR } as const;
    const salt = random(saltLength);
    const nonceI = sealNonce(memory.keys.current(), salt, flow, clock.wallSeconds(), binding);
    const probe = { kind: 'response', vendorId: numbers.vendorId, nonceI, nonceR } as const;
    const wire = { source: local, sourcePort: options.sourcePort, destination: flow.h2, probe };
    path.send(writeUdpProbe(wire, numbers));
    counters.count('Probe Responses sent');
  }

  async #begin({ source: g2, probe }: Complete): Promise<void> {
    const { env } = this;
    const { nonceI, nonceR } = probe;
    if (!this.#openings.take()) {
      this.#drop('rate', `from ${g2}`);
      return;
    }
    const flow = env.memory.open(nonceI, { role: 'I', g2, bound: nonceR })?.flow;
    const local = env.addresses()[0];
    if (!flow || !local) {
      this.#drop('Nonce-I is not ours', `from ${g2}`);
      return;
    }
    if (env.memory.begun.get(toHex(nonceR)) || !env.memory.begun.add(toHex(nonceR), true)) {
      this.#drop('answered before', 'IKE has begun');
      return;
    }
    const pair = { ours: flow.h1, theirs: flow.h2 };
    const why = await refusal(env, pair);
    if (why) {
      this.#drop('policy', why);
      return;
    }
    env.counters.count('paths proven');
    const path: ProvenPath = {
      ...{ role: 'initiator', pair, local, peerGateway: g2, nonceI, nonceR },
    };
    env.proven(path, (await this.#flowOf(flow))?.original.source);
  }
}
