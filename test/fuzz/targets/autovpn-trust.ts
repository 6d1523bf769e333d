/** What peers of AutoVPN say in IKE, and the file in which they are kept. */
import { concat } from '../../../src/core/bytes/bytes.js';
import { utf8 } from '../../../src/core/bytes/text.js';
import type { ExtensibleMessage, Extension } from '../../../src/core/ike/extension.js';
import { readChain } from '../../../src/core/ike/payloads/generic.js';
import {
  notifyPayload,
  type Payload,
  readPayloads,
} from '../../../src/core/ike/payloads/payload.js';
import { address } from '../../../src/core/net/address.js';
import { cleanContact } from '../../../src/plugins/autovpn/trust/contact.js';
import { readTable, writeTable } from '../../../src/plugins/autovpn/trust/file.js';
import type { Peer } from '../../../src/plugins/autovpn/trust/peer.js';
import { h1, h2, twoGateways } from '../../support/autovpn-end.js';
import { name } from '../../support/certificates.js';
import { mutateChain } from '../structures.js';
import { assert, reader, type Target, taker } from '../target.js';
import { mutateText } from '../text.js';
import { chainBytes } from './conversation.js';

const where = address('192.0.2.1');

const peer: Peer = {
  name: name('CN=gw, O=x'),
  fingerprint: 'ab'.repeat(32),
  state: 'Trusted',
  trustedBy: 'person',
  contact: 'Ring ☎ 1\nor write',
  firstSeconds: 1_700_000_000,
  lastSeconds: 1_800_000_000,
  address: where,
  secret: { value: new Uint8Array(32).fill(1), ownName: name('CN=we') },
  reason: 'none',
  conflict: { fingerprint: 'cd'.repeat(32), address: where, seconds: 1, count: 2 },
};
const bare: Peer = {
  name: name('CN=b'),
  fingerprint: '12'.repeat(32),
  state: 'Unverified',
  contact: '',
  firstSeconds: 1,
  lastSeconds: 2,
};

const tables = [
  writeTable({ peers: [], addresses: [] }),
  writeTable({ peers: [peer, bare], addresses: [{ address: where, peer: bare.name }] }),
];

const hidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must be gone
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

function contact(input: Uint8Array): string {
  const text = cleanContact(input);
  assert(!hidden.test(text), 'a control character is left');
  assert(utf8(text).length <= 1024, 'it is too long');
  assert(cleanContact(utf8(text)) === text, 'cleaning it again changes it');
  return `${text.includes('\ufffd')} ${text.includes('\n')}`;
}

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

/** A gateway that says anything beside what it has to; the other one must take it or leave it. */
const strangeWords: Target = {
  name: 'autovpn, a gateway that says anything',
  cost: 400,
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
    const message = messages[(input[0] ?? 0) % messages.length];
    const words: Extension = {
      name: 'words',
      outgoing: (which) => (which === message ? (read.value as Payload[]) : []),
    };
    const { world, g1, g2 } = await twoGateways();
    const strange = await world.gateway('198.51.100.9', { further: [words] });
    const isCaller = message?.endsWith('request');
    const [from, to] = isCaller ? [strange, g2] : [g1, strange];
    const result = await world.meet(from, to, h1, h2);
    for (const { end, lines } of [g1, g2, strange]) {
      const bug = [...lines, ...end.lines].find((line) => line.startsWith('error '));
      assert(!bug, `a gateway logs ${bug}`);
    }
    assert((await world.meet(g1, g2)).ok, 'honest gateways do not meet any more');
    const known = (await g2.peers()).length;
    await world.stop(g1, g2, strange);
    await world.pass(200_000);
    assert(world.ike.clock.pendingTimers === 0, `${world.ike.clock.pendingTimers} timers stay`);
    return `${message} ${result.ok ? 'ok' : result.failure.kind} ${known}`;
  },
};

export const autovpnTrustTargets: readonly Target[] = [
  reader('autovpn table', tables, readTable, { write: writeTable, mutate: mutateText }),
  taker('autovpn contact', [utf8('Ring ☎ 1\nor write'), new Uint8Array(30).fill(0x9b)], contact),
  strangeWords,
];
