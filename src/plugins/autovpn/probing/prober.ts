/** Probing on one WAN: which packets it wants, and which role each of its messages goes to. */
import type { PathWatcher } from '../../../core/kernel/packet-path.js';
import type { ProbingEnvironment } from './environment.js';
import { type ReceivedIcmpProbe, readIcmpProbe } from './icmp.js';
import { ProbeInitiator } from './initiator.js';
import type { DropReason, Probe } from './message.js';
import { icmpCode, icmpType, probePort } from './numbers.js';
import { ProbeResponder } from './responder.js';
import { readUdpProbe } from './udp.js';

type WithKind<Kind extends Probe['kind']> = ReceivedIcmpProbe & { probe: Probe & { kind: Kind } };

const isRequest = (received: ReceivedIcmpProbe): received is WithKind<'request'> =>
  received.probe.kind === 'request';

export class Prober {
  readonly watcher: PathWatcher;
  readonly #responder: ProbeResponder;
  readonly #initiator: ProbeInitiator;

  constructor(private readonly env: ProbingEnvironment) {
    this.#responder = new ProbeResponder(env);
    this.#initiator = new ProbeInitiator(env);
    this.watcher = {
      takes: [
        { protocol: 'icmp', type: icmpType, code: icmpCode },
        { protocol: 'udp', destinationPort: probePort, firstWord: env.numbers.spiMarker },
      ],
      take: (packet) => this.#take(packet),
      watches: this.#responder.candidates.watches,
      seen: (packet, stage) => this.#responder.seen(packet, stage),
    };
  }

  stop(): void {
    this.#responder.stop();
  }

  #take(packet: Uint8Array): boolean {
    const { numbers, counters } = this.env;
    const icmp = readIcmpProbe(packet, numbers);
    if (icmp) {
      if (!icmp.ok) return this.#drop(icmp.drop, icmp.why);
      const received = icmp.value;
      counters.count(`Probe ${isRequest(received) ? 'Requests' : 'Completes'} received`);
      if (isRequest(received)) this.#initiator.request(received);
      else this.#initiator.complete(received as WithKind<'complete'>);
      return true;
    }
    const udp = readUdpProbe(packet, numbers);
    if (!udp) return false;
    if (!udp.ok) return this.#drop(udp.drop, udp.why);
    counters.count('Probe Responses received');
    return this.#responder.response(udp.value, packet);
  }

  /** AV-77: no answer, and no further on its way. */
  #drop(reason: DropReason, why: string): true {
    this.env.counters.count(`dropped: ${reason}`);
    this.env.log.debug(`probe dropped, ${reason}: ${why}`);
    return true;
  }
}
