/**
 * Which flows from outside are worth a probe (§3, AV-A16): one that was answered, so that probing can
 * not disturb its set-up. Of each the first packet is kept for a moment, to be quoted (AV-A13).
 */

import { protocols, type QuotedPacket, readQuoted } from '../../../core/net/ipv4.js';
import type { Clock } from '../../../core/platform/platform.js';
import { Fading } from './fading.js';

/** First packets that wait for the answer to them. */
const mostWaiting = 512;
const waitMs = 60_000;
/** AV-A13 */
const longestQuote = 128;

export interface Candidate {
  flow: QuotedPacket;
  /** Its first packet, as it came in. */
  first: Uint8Array;
}

const nameOf = ({ protocol, source, sourcePort, destination, destinationPort }: QuotedPacket) =>
  `${protocol} ${source} ${sourcePort} ${destination} ${destinationPort}`;

export class Candidates {
  readonly #first: Fading<Uint8Array>;

  constructor(
    clock: Clock,
    private readonly names: readonly string[],
  ) {
    this.#first = new Fading(clock, mostWaiting, waitMs);
  }

  /** IP protocol numbers to watch. */
  get watches(): number[] {
    return this.names.map((name) => protocols[name as keyof typeof protocols]);
  }

  /** Gives a candidate when the first packet behind an answer came. */
  seen(packet: Uint8Array, stage: 'first' | 'answered'): Candidate | undefined {
    const flow = readQuoted(packet);
    if (!flow.ok || !this.watches.includes(flow.value.protocol)) return undefined;
    const name = nameOf(flow.value);
    if (stage === 'first') {
      this.#first.add(name, packet.slice(0, longestQuote));
      return undefined;
    }
    const first = this.#first.get(name);
    this.#first.delete(name);
    return first && { flow: flow.value, first };
  }
}
