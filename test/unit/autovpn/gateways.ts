/**
 * Two gateways that probe, on a wire in memory: scenario B of the requirements. What one sends, the one
 * on the other side gets, unless a test takes it off.
 */

import type { Flow } from '../../../src/core/kernel/packet-path.js';
import { silentLogger } from '../../../src/core/log.js';
import { address, type IpAddress } from '../../../src/core/net/address.js';
import type { ProvenPath } from '../../../src/plugins/autovpn/path.js';
import { ProbeCounters } from '../../../src/plugins/autovpn/probing/counters.js';
import { readIcmpProbe } from '../../../src/plugins/autovpn/probing/icmp.js';
import { ProbeMemory } from '../../../src/plugins/autovpn/probing/memory.js';
import {
  numbersOf,
  type ProbingOptions,
  probingOptions,
} from '../../../src/plugins/autovpn/probing/options.js';
import { Prober } from '../../../src/plugins/autovpn/probing/prober.js';
import { readUdpProbe } from '../../../src/plugins/autovpn/probing/udp.js';
import { countingRandom } from '../../support/list-random.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { MemoryFiles } from '../../support/test-platform.js';
import { numbers, syn } from './samples.js';

export const g1 = address('198.51.100.7');
export const g2 = address('203.0.113.1');
export const h1 = address('192.168.1.10');
export const h2 = address('203.0.113.80');

export const defaults = Object.fromEntries(
  Object.entries(probingOptions).map(([name, option]) => [name, option.default]),
) as unknown as ProbingOptions;

/** The flow of the sample SYN, as the connection tracking of G1 has it. */
export const natFlow: Flow = {
  original: {
    ...{ protocol: 6, source: h1, sourcePort: 50652, destination: h2, destinationPort: 443 },
  },
  reply: { protocol: 6, source: h2, sourcePort: 443, destination: g1, destinationPort: 61000 },
  isAnswered: true,
};

export interface GatewayOptions {
  options?: Partial<ProbingOptions>;
  persistInterval?: number;
  files?: MemoryFiles;
  seed?: number;
}

export class Gateway {
  readonly sent: Uint8Array[] = [];
  readonly proven: { path: ProvenPath; origin: IpAddress | undefined }[] = [];
  readonly counters = new ProbeCounters();
  readonly files: MemoryFiles;
  readonly memory: ProbeMemory;
  readonly prober: Prober;
  readonly lines: string[] = [];
  flow: Flow | undefined = natFlow;
  /** Why policy does not want the pair. */
  covered: string | undefined;
  refused: string | undefined;
  /** Gets what is sent; nothing happens to it when absent. */
  wire: ((packet: Uint8Array) => void) | undefined;

  constructor(clock: SteppedClock, own: IpAddress, given: GatewayOptions = {}) {
    const options = { ...defaults, ...given.options };
    const random = countingRandom(given.seed ?? (own === g1 ? 1 : 2));
    this.files = given.files ?? new MemoryFiles();
    const log = { ...silentLogger, info: (line: string) => void this.lines.push(line) };
    this.memory = new ProbeMemory({
      ...{ files: this.files, folder: '/etc/autoipsec', clock, timers: clock, log, random },
      options: { ...options, persistInterval: given.persistInterval ?? 21_600 },
    });
    this.prober = new Prober({
      ...{ clock, timers: clock, log, random, options },
      ...{ memory: this.memory, counters: this.counters, numbers: numbersOf(options) },
      addresses: () => [own],
      covered: async () => this.covered,
      trust: { refuses: () => this.refused },
      path: {
        send: (packet) => {
          this.sent.push(packet);
          this.wire?.(packet);
        },
        flow: async () => this.flow,
      },
      proven: (path, origin) => void this.proven.push({ path, origin }),
    });
  }

  take(packet: Uint8Array): boolean {
    return this.prober.watcher.take(packet);
  }

  /** A flow from outside, answered by H2. */
  sees(first: Uint8Array = syn): void {
    this.prober.watcher.seen?.(first, 'first');
    this.prober.watcher.seen?.(first, 'answered');
  }

  stop(): void {
    this.prober.stop();
    this.memory.stop();
  }

  count(name: string): number {
    return this.counters.all()[name] ?? 0;
  }

  /** Kinds of what was sent. */
  get kinds(): string[] {
    return this.sent.map((packet) => {
      const read = readIcmpProbe(packet, numbers) ?? readUdpProbe(packet, numbers);
      return read?.ok ? read.value.probe.kind : 'nonsense';
    });
  }
}

export interface Pair {
  clock: SteppedClock;
  one: Gateway;
  two: Gateway;
}

/** G1 and G2 with a wire between them. */
export function gateways(atG1: GatewayOptions = {}, atG2: GatewayOptions = {}): Pair {
  const clock = new SteppedClock();
  const one = new Gateway(clock, g1, atG1);
  const two = new Gateway(clock, g2, atG2);
  one.wire = (packet) => void two.take(packet);
  two.wire = (packet) => void one.take(packet);
  return { clock, one, two };
}
