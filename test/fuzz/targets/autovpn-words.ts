/** A gateway of AutoVPN that says anything in IKE, and two honest ones. */
import { concat } from '../../../src/core/bytes/bytes.js';
import { utf8 } from '../../../src/core/bytes/text.js';
import type { ExtensibleMessage, Extension } from '../../../src/core/ike/extension.js';
import { readChain } from '../../../src/core/ike/payloads/generic.js';
import {
  notifyPayload,
  type Payload,
  readPayloads,
} from '../../../src/core/ike/payloads/payload.js';
import {
  type AutovpnGateway,
  type AutovpnWorld,
  h1,
  h2,
  twoGateways,
} from '../../support/autovpn-end.js';
import { sasOf } from '../../support/ike-peer.js';
import { mutateChain } from '../structures.js';
import { assert, type Target } from '../target.js';
import { chainBytes } from './conversation.js';
import { countersOf } from './pair.js';

/** Messages that get the payloads of an input, by its first byte. */
const messages: readonly ExtensibleMessage[] = [
  'IKE_SA_INIT request',
  'IKE_SA_INIT response',
  'IKE_AUTH request',
  'IKE_AUTH response',
];

const own = (type: number, body: Uint8Array): Payload => ({
  kind: 'Unknown',
  type,
  isCritical: false,
  body,
});

/** Meetings of the strange gateway in one world. */
const MOST_MEETINGS = 40;

/** Two honest gateways and a strange one, made anew when they have met for a while. */
class Three {
  world!: AutovpnWorld;
  honest!: [AutovpnGateway, AutovpnGateway];
  strange!: AutovpnGateway;
  /** What the strange one adds, and to which message. */
  said: { message: ExtensibleMessage; payloads: readonly Payload[] } | undefined;
  #meetings = MOST_MEETINGS;

  async ready(): Promise<void> {
    if (this.#meetings++ < MOST_MEETINGS) return;
    await this.end();
    const words: Extension = {
      name: 'words',
      outgoing: (message) =>
        message === this.said?.message ? (this.said.payloads as Payload[]) : [],
    };
    const { world, g1, g2 } = await twoGateways();
    this.world = world;
    this.honest = [g1, g2];
    this.strange = await world.gateway('198.51.100.9', { further: [words] });
    this.#meetings = 1;
  }

  /** Tunnels of one input are no business of the next. */
  async closeAll(): Promise<void> {
    const { world, strange } = this;
    this.said = undefined;
    for (const tunnel of strange.tunnels) await world.ike.until(strange.end.daemon.close(tunnel));
    await world.pass(1000);
    for (const { end, lines } of [...this.honest, strange]) {
      const bug = [...lines, ...end.lines].find((line) => line.startsWith('error '));
      assert(!bug, `a gateway logs ${bug}`);
      for (const list of [lines, end.lines, end.events]) list.length = 0;
    }
    world.ike.network.captured.length = 0;
  }

  /** Honest gateways still meet, and nothing stays when all have stopped. */
  async end(): Promise<void> {
    if (!this.world) return;
    const { world, honest, strange } = this;
    assert((await world.meet(...honest)).ok, 'honest gateways do not meet any more');
    await this.closeAll();
    await world.stop(...honest, strange);
    await world.pass(200_000);
    assert(world.ike.clock.pendingTimers === 0, `${world.ike.clock.pendingTimers} timers stay`);
    for (const { end } of [...honest, strange])
      assert(sasOf(end).length === 0 && end.installed.length === 0, 'an SA stays');
  }
}

const three = new Three();

/** A gateway that says anything beside what it has to; the other one must take it or leave it. */
export const strangeWords: Target = {
  name: 'autovpn, a gateway that says anything',
  cost: 20,
  seeds: [
    own(224, new Uint8Array(60).fill(3)),
    own(225, utf8('call me')),
    notifyPayload(64_840),
    notifyPayload(16_384),
    { kind: 'V', data: new Uint8Array(20) } as const,
  ].map((payload, index) => concat(Uint8Array.of(index), chainBytes([payload]))),
  mutate: (input, dice, other) =>
    concat(Uint8Array.of(dice.below(8)), mutateChain(input.subarray(1), dice, other.subarray(1))),
  async run(input) {
    const chain = readChain(input[1] ?? 0, input.slice(2));
    const read = chain.ok ? readPayloads(chain.value.payloads) : chain;
    if (!read.ok) return read.error.replace(/\d+/g, '#').slice(0, 60);
    await three.ready();
    const { world, honest, strange } = three;
    const message = messages[(input[0] ?? 0) % messages.length]!;
    three.said = { message, payloads: read.value };
    const isCaller = message.endsWith('request');
    const [from, to] = isCaller ? [strange, honest[1]] : [honest[0], strange];
    const tell = countersOf(isCaller ? to.end : from.end);
    const result = await world.meet(from, to, h1, h2);
    await three.closeAll();
    return `${message} ${result.ok ? 'ok' : result.failure.kind} ${tell()}`;
  },
  end: () => three.end(),
};
