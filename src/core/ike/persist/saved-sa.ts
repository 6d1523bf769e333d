/**
 * An IKE SA and its Child SAs as values for the state files, and back. What is not in them (an
 * exchange that was not finished, a wish) is not taken over.
 */
import {
  amount,
  below,
  bytesOf,
  listOf,
  maybe,
  oneOf,
  readBy,
  record,
  type ShapeOf,
  text,
  truth,
  whole,
} from '../../bytes/shape.js';
import type { ChildSa, EspKeys } from '../../kernel/child-sa.js';
import { addressBits, parseAddress } from '../../net/address.js';
import type { PublicKey } from '../../pki/public-key.js';
import type { Child } from '../child.js';
import type { ProvenPeer } from '../credentials.js';
import { createSealer } from '../crypto/cipher.js';
import { dhGroupById } from '../crypto/dh-groups.js';
import { prfById } from '../crypto/prf.js';
import { findIkeCipher } from '../crypto/suite.js';
import type { IkeSa } from '../ike-sa.js';
import type { IkeSuite } from '../proposals/choose.js';
import { Exchange } from '../registries/exchanges.js';
import { isAuthenticated } from '../states.js';

const address = readBy(text, parseAddress);
const octet = below(0x100);
const port = below(0x10000);
const number32 = below(2 ** 32);
const endpoint = record({ address, port });
const prefix = readBy(record({ address, length: octet }), (value) =>
  value.length <= addressBits(value.address) ? value : undefined,
);
const selector = record({ prefix, protocol: octet, startPort: port, endPort: port });
const skKeys = record({ encryption: bytesOf(), integrity: bytesOf() });
const spi = bytesOf(8);

const espKeys = readBy(
  record({
    kind: oneOf('aead', 'encrypt-then-mac'),
    name: maybe(text),
    key: maybe(bytesOf()),
    encryption: maybe(text),
    encryptionKey: maybe(bytesOf()),
    integrity: maybe(text),
    integrityKey: maybe(bytesOf()),
    icvBits: below(1024),
  }),
  (keys): EspKeys | undefined =>
    (keys.kind === 'aead' ? keys.name && keys.key : keys.encryption && keys.integrity)
      ? (keys as EspKeys)
      : undefined,
);
const espSa = record({ spi: number32, keys: espKeys });

const requestOut = record({
  messageId: number32,
  exchange: octet,
  datagrams: listOf(bytesOf(), 256),
  isLast: truth,
  offeredSpi: maybe(number32),
  rekey: maybe(record({ spiOwn: spi, ni: bytesOf(), group: port, drawn: listOf(bytesOf(), 64) })),
});
const answered = record({
  messageId: number32,
  requestEnd: bytesOf(),
  response: listOf(bytesOf(), 256),
});

/** The key of a proven peer; which fields it has depends on its type. */
const publicKey = readBy(
  record({
    type: text,
    modulus: maybe(bytesOf()),
    exponent: maybe(bytesOf()),
    point: maybe(bytesOf()),
  }),
  (key) => ((key.modulus && key.exponent) || key.point ? (key as PublicKey) : undefined),
);

const identity = record({ type: octet, data: bytesOf() });
const provenPeer = readBy(
  record({
    identity,
    proof: oneOf('key', 'certificate', 'unverified certificate', 'secret', 'null', 'extension'),
    key: maybe(publicKey),
    certificate: maybe(bytesOf()),
    authority: maybe(text),
    secretMark: maybe(bytesOf()),
    isGroupSecret: maybe(truth),
  }),
  (peer) => peer as ProvenPeer,
);

/** Every field that there is: a tunnel that is staged gets its outbound state from them (`activate`). */
const childSaFields = {
  local: address,
  remote: address,
  inbound: espSa,
  outbound: espSa,
  mode: oneOf('tunnel', 'transport'),
  extendedSequence: maybe(truth),
  ours: selector,
  theirs: selector,
  furtherTraffic: maybe(listOf(record({ ours: selector, theirs: selector }), 256)),
  encapsulation: maybe(record({ localPort: port, remotePort: port })),
  softSeconds: number32,
  hardSeconds: number32,
  softBytes: maybe(whole),
  hardBytes: maybe(whole),
  softPackets: maybe(whole),
  hardPackets: maybe(whole),
} satisfies Record<keyof ChildSa, unknown>;

export const savedChild = record({
  role: oneOf('initiator', 'responder'),
  /** Clock of the moment when it was agreed. */
  sinceMs: amount,
  sa: record(childSaFields),
});
export type SavedChild = ShapeOf<typeof savedChild>;

export const savedSa = record({
  role: oneOf('initiator', 'responder'),
  state: oneOf('AUTH_SENT', 'ESTABLISHED', 'DELETING'),
  spiOwn: spi,
  spiPeer: spi,
  path: record({ local: endpoint, remote: endpoint }),
  nat: record({ we: truth, peer: truth }),
  /** Absent in AUTH_SENT. */
  peer: maybe(provenPeer),
  fragmentSizes: listOf(port, 16),
  isAlone: maybe(truth),
  /** Facts of extensions that are text. */
  facts: maybe(listOf(record({ name: text, value: text }), 64)),
  suite: record({
    encryption: port,
    keyBits: maybe(port),
    integrity: maybe(port),
    prf: port,
    group: port,
  }),
  keys: record({
    skD: bytesOf(),
    initiator: skKeys,
    responder: skKeys,
    skPi: bytesOf(),
    skPr: bytesOf(),
  }),
  /** Our SPI of the one whose place it has taken, while that is there. */
  replaces: maybe(spi),
  /** Its last answer was kept, and it was to end behind that. */
  isEnding: truth,
  /** IVs used with our keys. */
  used: whole,
  ownIdentity: maybe(identity),
  bornMs: amount,
  establishedMs: amount,
  heardMs: amount,
  requests: record({
    size: port,
    nextId: number32,
    out: listOf(requestOut, 256),
  }),
  responses: record({
    size: port,
    oldest: number32,
    newest: amount,
    kept: listOf(answered, 256),
  }),
  /** Inbound SPIs of the Child SAs that both ends know of, and of those that are being deleted. */
  children: listOf(number32),
  leaving: listOf(number32),
  /** Those that are received with only. */
  staged: listOf(number32),
  softMs: amount,
  hardMs: amount,
});
export type SavedSa = ShapeOf<typeof savedSa>;

/**
 * IVs left out at each restart: nothing that an earlier run may have sent without its file being
 * written (a full disk) comes again.
 */
const USED_GAP = 65_536;

/** The peer knows of it, or may: one that we asked for counts from its answer on. */
const counts = ({ state, role }: Child): boolean =>
  state !== 'GONE' && (state !== 'INSTALLING' || role === 'initiator');

const inboundSpi = (child: Child): number => child.sa.inbound.spi;

export const toSavedChild = ({ role, sa, sinceMs }: Child): SavedChild => ({
  role,
  sinceMs,
  sa: sa as SavedChild['sa'],
});

function textFacts({ facts }: IkeSa): SavedSa['facts'] {
  const kept = [...facts].flatMap(([name, value]) =>
    typeof value === 'string' ? [{ name, value }] : [],
  );
  return kept.length > 0 ? kept : undefined;
}

/**
 * `undefined` for an IKE SA that is not kept: one that does not stand yet, or not any more. One whose
 * IKE_AUTH request is out may stand at the peer, which is told then.
 */
export function toSavedSa(sa: IkeSa): SavedSa | undefined {
  const { state, suite, keys, sealer, peer, role, spiOwn, spiPeer, path, nat } = sa;
  const fragmentSizes = [...sa.fragmentSizes];
  if (state !== 'AUTH_SENT' && !isAuthenticated(state)) return undefined;
  if (!suite || !keys || !sealer) return undefined;
  const { cipher, prf, group } = suite;
  const children = [...sa.children].filter(counts);
  return {
    ...{
      role,
      spiOwn,
      spiPeer,
      path,
      nat,
      peer,
      keys,
      fragmentSizes,
      isAlone: sa.isAlone || undefined,
      facts: textFacts(sa),
    },
    suite: {
      encryption: cipher.id,
      keyBits: cipher.keyBits,
      integrity: cipher.integrityId,
      prf: prf.id,
      group: group.id,
    },
    // Of a rekey that is not through, the request is kept, and not what follows the answer.
    state: sa.requests.isOut(Exchange.IKE_AUTH)
      ? 'AUTH_SENT'
      : state === 'DELETING'
        ? state
        : 'ESTABLISHED',
    replaces: sa.replaces?.spiOwn,
    isEnding: sa.isEnding,
    used: sealer.used,
    ownIdentity: sa.ownIdentity,
    bornMs: sa.bornMs,
    establishedMs: sa.establishedMs,
    heardMs: sa.heardMs,
    requests: sa.requests.save(),
    responses: sa.responses.save(),
    children: children.map(inboundSpi),
    leaving: children.filter(({ state }) => state === 'DELETING').map(inboundSpi),
    staged: children.filter(({ isStaged }) => isStaged).map(inboundSpi),
    softMs: sa.softMs,
    hardMs: sa.hardMs,
  };
}

function suiteOf({ suite }: SavedSa): IkeSuite {
  const cipher = findIkeCipher(suite);
  const prf = prfById(suite.prf);
  const group = dhGroupById(suite.group);
  if (!cipher || !prf || !group) throw new Error('sa.suite: unknown algorithms');
  return { cipher, prf, group };
}

/** Fills a fresh IKE SA with what was saved; its windows are the caller's work. Throws. */
export function fillSa(sa: IkeSa, saved: SavedSa, random: (length: number) => Uint8Array): void {
  const { spiPeer, nat, peer, keys, state, fragmentSizes } = saved;
  const { ownIdentity, bornMs, establishedMs, heardMs, softMs, hardMs } = saved;
  sa.suite = suiteOf(saved);
  const own = saved.role === 'initiator' ? keys.initiator : keys.responder;
  const { cipher } = sa.suite;
  for (const { encryption, integrity } of [keys.initiator, keys.responder])
    if (encryption.length !== cipher.keyLength || integrity.length !== cipher.integrityKeyLength)
      throw new Error(`sa.keys: do not fit ${cipher.name}`);
  sa.sealer = createSealer(cipher, own, random, saved.used + USED_GAP);
  Object.assign(sa, { spiPeer, nat, peer, keys, state, fragmentSizes });
  sa.isAlone = saved.isAlone ?? false;
  for (const { name, value } of saved.facts ?? []) sa.facts.set(name, value);
  Object.assign(sa, { ownIdentity, bornMs, establishedMs, heardMs, softMs, hardMs });
}

/** The Child SA as the kernel has it. */
export const childSaIn = ({ sa }: SavedChild): ChildSa =>
  Object.fromEntries(Object.entries(sa).filter(([, value]) => value !== undefined)) as never;
