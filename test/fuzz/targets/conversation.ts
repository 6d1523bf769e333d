/** Messages of two daemons of ours, as they are on the wire and as they are inside: seeds. */
import { concat } from '../../../src/core/bytes/bytes.js';
import { aesCbc, hmacSha256 } from '../../../src/core/ike/crypto/encrypt-then-mac.js';
import type { Extension } from '../../../src/core/ike/extension.js';
import { readMessage } from '../../../src/core/ike/message.js';
import { writeChain } from '../../../src/core/ike/payloads/generic.js';
import {
  notifyPayload,
  type Payload,
  writePayload,
} from '../../../src/core/ike/payloads/payload.js';
import { defaultPreferences } from '../../../src/core/ike/proposals/offer.js';
import { type IkeEnd, type IkeWorld, twoEnds } from '../../support/ike-end.js';
import { openCaptured, sasOf } from '../../support/ike-peer.js';
import { once } from '../target.js';

/** Long enough for fragments. */
const bulk: Extension = {
  name: 'bulk',
  outgoing: (message) =>
    message === 'CREATE_CHILD_SA request' ? [notifyPayload(40_960, new Uint8Array(2000))] : [],
};

/** The type of the first payload, and the chain. */
export function chainBytes(payloads: readonly Payload[]): Uint8Array {
  const raw = payloads.map(writePayload);
  return concat(Uint8Array.of(raw[0]?.type ?? 0), writeChain(raw, 0));
}

export interface Inner {
  exchange: number;
  isResponse: boolean;
  /** As `chainBytes` gives it. */
  chain: Uint8Array;
}

export interface Conversation {
  messages: Uint8Array[];
  inner: Inner[];
}

async function talk(world: IkeWorld, left: IkeEnd, right: IkeEnd): Promise<void> {
  const first = await world.until(left.daemon.connect(left.wish(right)));
  const hosts = { ours: '192.0.2.50', theirs: '198.51.100.50' };
  const second = await world.until(left.daemon.connect(left.wish(right, hosts)));
  if (!first.ok || !second.ok) throw new Error('seeds: the two do not come together');
  await world.until(left.daemon.check(first.tunnel));
  await world.until(left.daemon.close(first.tunnel));
}

/** The captured messages that are whole, opened. */
function innerOf(world: IkeWorld, left: IkeEnd): Inner[] {
  const sa = sasOf(left)[0]!;
  return world.network.captured.flatMap((packet) => {
    const read = readMessage(packet.bytes);
    if (!read.ok || read.value.sealed?.fragment) return [];
    const { exchange, isResponse } = read.value.head;
    return [{ exchange, isResponse, chain: chainBytes(openCaptured(sa, packet)) }];
  });
}

async function record(extensions: readonly Extension[], isCbc: boolean): Promise<Conversation> {
  const preferences = isCbc
    ? { ...defaultPreferences, ikeCiphers: [aesCbc(128, hmacSha256)] }
    : defaultPreferences;
  const { world, left, right } = await twoEnds({ extensions, preferences }, { preferences });
  await talk(world, left, right);
  const messages = world.network.captured.map(({ bytes }) => bytes);
  const inner = innerOf(world, left);
  await world.stop();
  return { messages, inner };
}

/** Two of them together: with an AEAD, and with AES-CBC and fragments. */
export const conversation = once(async (): Promise<Conversation> => {
  const all = [await record([], false), await record([bulk], true)];
  return {
    messages: all.flatMap((each) => each.messages),
    inner: all.flatMap((each) => each.inner),
  };
});
