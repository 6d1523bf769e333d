/** A Child SA pair of an IKE SA: what was agreed, and the tunnel that became of it. */
import { uintBytes } from '../bytes/bytes.js';
import type { ChildSa, EspSa, InstalledSa, PacketCounts, SaLimits } from '../kernel/child-sa.js';
import type { Timer } from '../platform/platform.js';
import type { ChildKeyInput } from './crypto/keymat.js';
import { deriveEspKeys } from './crypto/suite.js';
import type { Tunnel } from './daemon.js';
import type { IkeSa, Role } from './ike-sa.js';
import { pairsOf, type Traffic } from './narrowing.js';
import type { ChildSuite } from './proposals/choose.js';
import { NAT_PORT } from './transport.js';

/**
 *   INSTALLING ──▶ UP ◀──▶ REKEYING ──▶ REPLACED ──▶ DELETING ──▶ GONE
 *
 * From each of them it may be deleted, by either end.
 */
export type ChildState =
  /** The kernel works on it. */
  | 'INSTALLING'
  | 'UP'
  /** Our request to rekey it is on its way. */
  | 'REKEYING'
  /** Its heir is there; the one of both ends that made the heir deletes it. */
  | 'REPLACED'
  /** Our delete is on its way. */
  | 'DELETING'
  | 'GONE';

export interface Child {
  state: ChildState;
  /** The IKE SA that carries it: another one after that one was rekeyed. */
  ike: IkeSa;
  /** Our part in the exchange that made it. */
  readonly role: Role;
  readonly sa: ChildSa;
  /** The lowest nonce of the exchange that made it (§2.8.1). */
  readonly nonce: Uint8Array;
  /** Known from UP on. */
  installed: InstalledSa | undefined;
  /** We receive with it, and send with another one of the same traffic for a while. */
  isStaged: boolean;
  /** The tunnel that uses it; of several for the same traffic one has it. */
  tunnel: Tunnel | undefined;
  /** Clock of the moment when it was agreed. */
  readonly sinceMs: number;
  /** Made by the peer to take its place (§1.3.3). */
  heir: Child | undefined;
  /** The peer has asked for it as a tunnel of its own, and it was taken for new keys of another one. */
  readonly isTwin: boolean;
  /** The one whose place it takes, while that is there. */
  replaces: Child | undefined;
  /** Made by the peer at the same time for the same traffic: received with, until this one ends. */
  rival: Child | undefined;
  /** For the next step of a rekey. */
  timer: Timer | undefined;
  /** What had passed when it was last looked at. */
  packets: PacketCounts;
  /** Clock of the first and last look at which something was sent, since something came in. */
  unanswered: { sinceMs: number; untilMs: number } | undefined;
}

/** What an exchange has agreed on. */
export interface ChildTerms {
  role: Role;
  suite: ChildSuite;
  ni: Uint8Array;
  nr: Uint8Array;
  /** g^ir where the exchange had a KE payload. */
  shared?: Uint8Array | undefined;
  spiIn: number;
  spiOut: number;
  traffic: Traffic;
  mode: ChildSa['mode'];
}

/** RFC 7296 §3.10: SPIs of ESP have four bytes; 0 to 255 are not used (RFC 4303 §2.1). */
export const spiBytes = (spi: number): Uint8Array => uintBytes(spi, 4);

export const spiNumber = (bytes: Uint8Array): number =>
  bytes.reduce((sum, byte) => sum * 256 + byte, 0);

export const SPI_MIN = 256;

/** ESP in UDP where there is a NAT, and both ends have moved to the port that takes it (RFC 3948). */
function encapsulation({ nat, path }: IkeSa): Pick<ChildSa, 'encapsulation'> {
  if (!(nat.we || nat.peer) || path.local.port !== NAT_PORT) return {};
  return { encapsulation: { localPort: path.local.port, remotePort: path.remote.port } };
}

/** The Child SA as the kernel takes it. */
export function childSaOf(sa: IkeSa, terms: ChildTerms, limits: SaLimits): ChildSa {
  const { suite, ni, nr, shared } = terms;
  const input: ChildKeyInput = { prf: sa.suite!.prf, skD: sa.keys!.skD, ni, nr };
  const keys = deriveEspKeys(suite.esp, shared ? { ...input, shared } : input);
  const isInitiator = terms.role === 'initiator';
  const inbound: EspSa = {
    spi: terms.spiIn,
    keys: isInitiator ? keys.fromResponder : keys.fromInitiator,
  };
  const outbound: EspSa = {
    spi: terms.spiOut,
    keys: isInitiator ? keys.fromInitiator : keys.fromResponder,
  };
  const [first, ...further] = pairsOf(terms.traffic);
  return {
    local: sa.path.local.address,
    remote: sa.path.remote.address,
    inbound,
    outbound,
    mode: terms.mode,
    extendedSequence: suite.isExtended,
    ...first!,
    ...(further.length > 0 ? { furtherTraffic: further } : {}),
    ...encapsulation(sa),
    ...limits,
  };
}
