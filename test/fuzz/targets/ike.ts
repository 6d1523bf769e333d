/** IKE: messages, chains, payloads, fragments. */
import { concat, equal } from '../../../src/core/bytes/bytes.js';
import { fromHex } from '../../../src/core/bytes/hex.js';
import { utf8 } from '../../../src/core/bytes/text.js';
import { readCertificates } from '../../../src/core/ike/certificate-payloads.js';
import {
  addressIdentity,
  formatIdentity,
  identityAddress,
  identityFqdn,
  sameIdentity,
} from '../../../src/core/ike/identity.js';
import { defaultLimits } from '../../../src/core/ike/limits.js';
import { readMessage } from '../../../src/core/ike/message.js';
import { NamedTimers } from '../../../src/core/ike/named-timers.js';
import { readPayload, writePayload } from '../../../src/core/ike/payloads/payload.js';
import { readInner } from '../../../src/core/ike/protect.js';
import { type FragmentMemory, Reassembly } from '../../../src/core/ike/reassembly.js';
import { address } from '../../../src/core/net/address.js';
import { readScheme } from '../../../src/core/pki/signature-scheme.js';
import { makeCertificate } from '../../support/certificates.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { payloadVectors } from '../../unit/ike/payloads/vectors.js';
import { mutateBody, mutateChain, mutateDer, mutateMessage } from '../structures.js';
import { assert, type Mutate, outcomeOf, reader, type Target, taker } from '../target.js';
import { chainBytes, conversation } from './conversation.js';

const algorithmIdentifiers = [
  '300d06092a864886f70d01010b0500',
  '300a06082a8648ce3d040302',
  '300506032b6570',
  '304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120',
].map((hex) => fromHex(hex));

/** A payload's type and body; what can be read can be written, and is the same again. */
const payloadTarget: Target = {
  name: 'ike payload',
  seeds: payloadVectors.map(([, type, wire]) => concat(Uint8Array.of(type), fromHex(wire))),
  mutate: (input, dice, other) =>
    concat(
      input.subarray(0, 1),
      mutateBody(input[0] ?? 0, input.subarray(1), dice, other.subarray(1)),
    ),
  run(input) {
    const result = readPayload({ type: input[0] ?? 0, isCritical: false, body: input.subarray(1) });
    if (result.ok) {
      const raw = writePayload(result.value);
      assert(raw.type === (input[0] ?? 0), 'the type has changed');
      const again = readPayload(raw);
      assert(again.ok, `what was written is not read: ${again.ok ? '' : again.error}`);
      assert(
        equal(writePayload(again.value).body, raw.body),
        'what was written is read differently',
      );
    }
    return outcomeOf(result);
  },
};

/** Two bytes of message ID, number, total, and how much: fragments as they come, of one IKE SA. */
function reassemble(input: Uint8Array): string {
  const clock = new SteppedClock();
  const memory: FragmentMemory = { bytes: 0 };
  const queue = new Reassembly('request', defaultLimits, memory, new NamedTimers(clock));
  let outcome = '';
  for (let at = 0; at + 6 <= input.length; at += 6) {
    const [id, number, high, low, length, first] = input.subarray(
      at,
      at + 6,
    ) as unknown as number[];
    const total = high! * 256 + low!;
    const fragment = { number: number!, total };
    if (number === 0 || number! > total || !queue.wants(id!, fragment)) continue;
    const plaintext = new Uint8Array(length! * 32);
    const added = queue.add(id!, fragment, { first: first!, plaintext, datagram: plaintext });
    outcome += typeof added === 'string' ? added[0] : 'W';
    assert(memory.bytes <= defaultLimits.maxFragmentBytes, `${memory.bytes} bytes are kept`);
    assert(memory.bytes >= 0, `${memory.bytes} bytes are kept`);
  }
  queue.clear();
  assert(memory.bytes === 0, `${memory.bytes} bytes stay`);
  assert(clock.pendingTimers === 0, 'a timer stays');
  return outcome.slice(-6);
}

const certificates = [4, 15].map((encoding) => {
  const { certificate } = makeCertificate({ subject: 'CN=a.example' });
  return concat(Uint8Array.of(encoding), encoding === 4 ? certificate.bytes : certificate.spki);
});

/** Encoding, and what comes in it. */
const readCert = (input: Uint8Array): unknown =>
  readCertificates([{ kind: 'CERT', encoding: input[0] ?? 0, data: input.slice(1) }]);

const mutateCert: Mutate = (input, dice, other) =>
  concat(
    Uint8Array.of(dice.oneIn(9) ? dice.below(17) : input[0]!),
    mutateDer(input.subarray(1), dice, other.subarray(1)),
  );

const identities = [
  fromHex('01c6120001'),
  fromHex('0520010db8000000000000000000000001'),
  concat(Uint8Array.of(2), utf8('sg.example.org')),
  concat(Uint8Array.of(3), utf8('root@example.org')),
  concat(Uint8Array.of(9), makeCertificate({ subject: 'CN=a.example, O=b' }).certificate.subject),
  fromHex('0bdeadbeef'),
  fromHex('0d'),
];

function readIdentity(input: Uint8Array): unknown {
  const identity = { type: input[0] ?? 0, data: input.slice(1) };
  const text = formatIdentity(identity);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it is about
  assert(!/[\x00-\x1f\x7f]/.test(text), 'control characters reach the log');
  assert(sameIdentity(identity, identity), 'an identity is not itself');
  return [
    [identityAddress(identity), identityFqdn(identity), text.length > 0],
    sameIdentity(identity, addressIdentity(address('198.18.0.1'))),
  ];
}

export const ikeTargets: readonly Target[] = [
  reader('ike message', async () => (await conversation()).messages, readMessage, {
    mutate: mutateMessage,
  }),
  reader(
    'ike inner chain',
    async () => (await conversation()).inner.map(({ chain }) => chain),
    (input) => {
      const opened = readInner(input[0] ?? 0, input.subarray(1));
      return opened.kind === 'open'
        ? { ok: true, value: opened.payloads }
        : { ok: false, error: opened.error };
    },
    { mutate: mutateChain, write: chainBytes },
  ),
  payloadTarget,
  taker(
    'ike fragments',
    [
      Uint8Array.of(2, 1, 0, 3, 9, 35, 2, 2, 0, 3, 9, 0, 2, 3, 0, 3, 4, 0),
      Uint8Array.of(2, 1, 0, 2, 30, 35, 2, 1, 0, 4, 20, 35, 3, 1, 0, 1, 1, 46, 2, 4, 0, 4, 1, 0),
    ],
    reassemble,
  ),
  taker('ike CERT', certificates, readCert, { mutate: mutateCert }),
  taker('ike identity', identities, readIdentity, {
    mutate: (input, dice, other) =>
      concat(Uint8Array.of(dice.below(14)), mutateDer(input.subarray(1), dice, other)),
  }),
  taker('ike signature scheme', algorithmIdentifiers, readScheme, {
    mutate: (input, dice, other) => mutateDer(input, dice, other),
  }),
];
