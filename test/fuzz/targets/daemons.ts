/**
 * Whole daemons: cold datagrams of strangers, messages of a proven peer with anything inside, and
 * handshakes with a message changed on its way. The daemon must say nothing of a bug, end nothing
 * that it should keep, and serve an honest peer afterwards.
 */
import { concat, equal, uintBytes } from '../../../src/core/bytes/bytes.js';
import type { IkeSa } from '../../../src/core/ike/ike-sa.js';
import {
  type Head,
  readMessage,
  SEALED_OFFSET,
  writeHeader,
} from '../../../src/core/ike/message.js';
import { readInner } from '../../../src/core/ike/protect.js';
import { PayloadType } from '../../../src/core/ike/registries/payload-types.js';
import { openCaptured, sasOf } from '../../support/ike-peer.js';
import type { Captured, Packet } from '../../support/memory-network.js';
import { mutateBytes } from '../bytes.js';
import { Dice, hashOf } from '../dice.js';
import { mutateChain, mutateMessage } from '../structures.js';
import type { Mutate, Target } from '../target.js';
import { type Conversation, chainBytes, conversation } from './conversation.js';
import { countersOf, Pair } from './pair.js';

const strangers = new Pair(300);

const stranger: Target = {
  name: 'daemon, a stranger',
  seeds: async () =>
    (await conversation()).messages.map((message) => concat(Uint8Array.of(0), message)),
  mutate: (input, dice, other) =>
    concat(Uint8Array.of(dice.below(4)), mutateMessage(input.subarray(1), dice, other.subarray(1))),
  async run(input) {
    await strangers.ready();
    const { world, left, right } = strangers;
    const tell = countersOf(right);
    const port = [500, 4500, 500, 1234][(input[0] ?? 0) % 4]!;
    const marker = port === 4500 ? new Uint8Array(4) : new Uint8Array(0);
    const from = { address: left.address, port };
    const to = { address: right.address, port: port === 4500 ? 4500 : 500 };
    world.network.transmit(from, to, concat(marker, input.subarray(1)));
    await world.clock.advance(30);
    const outcome = tell();
    strangers.check();
    return outcome;
  },
  async end() {
    await strangers.established();
    await strangers.end();
  },
};

const peers = new Pair(200);

/** Exchange, flags (1: response, 2: as fragments, 4: odd message ID), and a chain as `chainBytes`. */
const peerInput = (exchange: number, flags: number, chain: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(exchange, flags), chain);

/** A malformed chain ends the IKE SA, and a parser says so: few of them, for each costs a handshake. */
const mutatePeer: Mutate = (input, dice, other) => {
  const exchange = dice.oneIn(12) ? dice.below(45) : (input[0] ?? 36);
  const flags = dice.oneIn(3) ? dice.below(8) : 0;
  const mutated = () => mutateChain(input.subarray(2), dice, other.subarray(2));
  let chain = mutated();
  for (let tries = 0; tries < 4 && !dice.oneIn(8); tries++) {
    if (readInner(chain[0] ?? 0, chain.subarray(1)).kind === 'open') break;
    chain = mutated();
  }
  return peerInput(exchange, flags, chain);
};

/** Seals any bytes as the inside of a message; where `more` is given, of a fragment. */
function sealAny(
  sa: IkeSa,
  head: Head,
  first: number,
  plaintext: Uint8Array,
  more?: Uint8Array,
): Uint8Array {
  const sealer = sa.sealer!;
  const lead = more ?? new Uint8Array(0);
  const length = lead.length + sealer.bodyLength(plaintext.length);
  const type = more ? PayloadType.SKF : PayloadType.SK;
  const aad = concat(
    writeHeader(head, type, SEALED_OFFSET + length),
    Uint8Array.of(first, 0),
    uintBytes(4 + length, 2),
    lead,
  );
  return concat(aad, sealer.seal(aad, plaintext));
}

/** The message ID that the other end waits for: the first that it would take as new. */
function nextId(sa: IkeSa): number {
  for (let id = 0; id < 100_000; id++)
    if (sa.responses.classify(id, new Uint8Array(0)).kind === 'new') return id;
  throw new Error('the window is closed');
}

function datagramsOf(input: Uint8Array, left: IkeSa, right: IkeSa): Uint8Array[] {
  const [exchange = 0, flags = 0, first = 0] = input;
  const plaintext = input.slice(3, 3 + 12_000);
  const isResponse = (flags & 1) !== 0;
  const expected = isResponse ? 0 : nextId(right);
  const messageId = (flags & 4) !== 0 ? expected + plaintext.length : expected;
  const head = left.head(exchange, isResponse, messageId);
  if ((flags & 2) === 0) return [sealAny(left, head, first, plaintext)];
  const size = 1 + (plaintext.length >> 1);
  const total = (plaintext[0] ?? 0) % 5 === 0 ? plaintext.length : 2;
  return [0, 1].map((i) =>
    sealAny(
      left,
      head,
      i === 0 ? first : 0,
      plaintext.slice(i * size, (i + 1) * size),
      concat(uintBytes(i + 1, 2), uintBytes(Math.max(total, i + 1), 2)),
    ),
  );
}

const provenPeer: Target = {
  name: 'daemon, a proven peer',
  cost: 20,
  seeds: async () =>
    (await conversation()).inner
      .filter(({ isResponse }) => !isResponse)
      .map(({ exchange, chain }) => peerInput(exchange, 0, chain)),
  mutate: mutatePeer,
  isStructured: true,
  async run(input) {
    await peers.ready();
    const { left, right } = await peers.established();
    const { world } = peers;
    const tell = countersOf(peers.right);
    for (const bytes of datagramsOf(input, left, right))
      world.network.transmit(left.path.local, left.path.remote, bytes);
    await world.clock.advance(60);
    const outcome = `${tell()} ${right.state}`;
    peers.check();
    return outcome;
  },
  async end() {
    await peers.ready();
    await peers.established();
    await peers.end();
  },
};

const isOf = ({ spiOwn }: IkeSa, { spiInitiator, spiResponder }: Head): boolean =>
  [spiInitiator, spiResponder].some((spi) => equal(spi, spiOwn));

/** Changes a packet on its way: its bytes, its structure, or what is inside under its own seal. */
function changePacket(
  pair: Pair,
  packet: Packet,
  dice: Dice,
  { messages, inner }: Conversation,
): Uint8Array {
  const read = readMessage(packet.bytes);
  const sender = [pair.left, pair.right].find(({ address }) => address === packet.from.address)!;
  // there may be several, where a changed message made one more
  const sa = read.ok ? sasOf(sender).find((each) => isOf(each, read.value.head)) : undefined;
  if (dice.oneIn(4)) return mutateBytes(packet.bytes, dice, packet.bytes);
  if (!read.ok || !read.value.sealed || !sa?.sealer || !sa.keys)
    return mutateMessage(packet.bytes, dice, dice.pick(messages));
  if (read.value.sealed.fragment) return mutateBytes(packet.bytes, dice, packet.bytes);
  const chain = chainBytes(openCaptured(sa, packet as Captured));
  const changed = mutateChain(chain, dice, dice.pick(inner).chain).slice(0, 12_000);
  return sealAny(sa, read.value.head, changed[0] ?? 0, changed.subarray(1));
}

const handshakes = new Pair(25);

/** The input is nothing but a seed: it says which message is changed, and how. */
const handshake: Target = {
  name: 'daemon, handshakes',
  cost: 20,
  seeds: Array.from({ length: 16 }, (_, i) => Uint8Array.of(i)),
  mutate: (_, dice) => dice.bytes(8),
  async run(input) {
    await handshakes.ready();
    const { world, left, right } = handshakes;
    const others = await conversation();
    const dice = new Dice(hashOf(input), input.length);
    const wanted = dice.below(4);
    let count = 0;
    const tell = countersOf(right);
    world.network.path.rewrites = (packet) => {
      const isWanted = count++ === wanted || dice.oneIn(20);
      return isWanted
        ? { ...packet, bytes: changePacket(handshakes, packet, dice, others) }
        : packet;
    };
    const hosts = { ours: `10.0.0.${1 + dice.below(250)}`, theirs: '10.1.0.1', patienceMs: 3000 };
    const result = await world.until(left.daemon.connect(left.wish(right, hosts)));
    const ended = result.ok ? 'tunnel' : result.failure.kind;
    if (result.ok) await world.until(left.daemon.close(result.tunnel));
    world.network.path.rewrites = undefined;
    await world.clock.advance(2000);
    const outcome = `${ended} ${tell()}`;
    handshakes.check();
    return outcome;
  },
  async end() {
    await handshakes.ready();
    await handshakes.established();
    await handshakes.end();
  },
};

export const daemonTargets: readonly Target[] = [stranger, provenPeer, handshake];
