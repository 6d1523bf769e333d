/**
 * One IKE SA: who is at the other end, in which state it is, its keys, and what runs within it. It
 * knows no exchange; those are in `exchanges/` and work on it.
 */
import { toHex } from '../bytes/hex.js';
import type { IpAddress } from '../net/address.js';
import type { Timers } from '../platform/platform.js';
import type { Attempt } from './attempt.js';
import type { Child } from './child.js';
import type { ProvenPeer } from './credentials.js';
import { createSealer, type Sealer, type SkKeys } from './crypto/cipher.js';
import type { DhGroup, KeyPair } from './crypto/dh.js';
import { deriveIkeKeys, type IkeKeys } from './crypto/keymat.js';
import { prfPlus } from './crypto/prf.js';
import type { ChildOffer } from './exchanges/child-offer.js';
import type { SaView } from './extension.js';
import type { Identity } from './identity.js';
import type { Head } from './message.js';
import { NamedTimers } from './named-timers.js';
import type { PayloadOf } from './payloads/payload.js';
import type { IkeSuite } from './proposals/choose.js';
import type { Reassembly } from './reassembly.js';
import type { RequestWindow } from './request-window.js';
import { ResponseWindow } from './response-window.js';
import { isStanding, type State } from './states.js';
import type { Path } from './transport.js';

export type Role = 'initiator' | 'responder';

/** What IKE_SA_INIT leaves for the keys and for AUTH. */
export interface InitFacts {
  /** The two messages as they were sent: AUTH signs them (RFC 7296 §2.15). */
  request: Uint8Array;
  response: Uint8Array;
  ni: Uint8Array;
  nr: Uint8Array;
}

/** What makes the secret, kept until the keys are derived and not longer. */
export interface KeyExchange {
  group: DhGroup;
  pair: KeyPair;
  peerPublic?: Uint8Array;
}

const NOTHING = new Uint8Array(0);

export class IkeSa implements SaView {
  state: State = 'NONE';
  spiPeer: Uint8Array = new Uint8Array(8);
  peer: ProvenPeer | undefined;
  /** The identity that we have shown in this SA. */
  ownIdentity: Identity | undefined;
  certificateRequests: readonly PayloadOf<'CERTREQ'>[] = [];
  readonly facts = new Map<string, unknown>();
  nat = { we: false, peer: false };
  peerHashes: readonly number[] | undefined;
  fragmentSizes: readonly number[] = [];
  takesChildless = false;
  isAlone = false;

  suite: IkeSuite | undefined;
  keyExchange: KeyExchange | undefined;
  keys: IkeKeys | undefined;
  sealer: Sealer | undefined;
  readonly init: InitFacts = { request: NOTHING, response: NOTHING, ni: NOTHING, nr: NOTHING };

  /** How often, and with what, IKE_SA_INIT was asked for again. */
  readonly initRetry: { count: number; cookie: Uint8Array | undefined } = {
    count: 0,
    cookie: undefined,
  };

  /** Requests of ours; set by the one who makes the SA. */
  requests!: RequestWindow;
  /** Requests of the peer: none before it is proven; as responder IKE_SA_INIT and IKE_AUTH alone. */
  readonly responses: ResponseWindow;
  readonly timers: NamedTimers;
  /** Fragments of what the peer sends; set by the one who makes the SA. */
  fragments!: { requests: Reassembly; responses: Reassembly };
  readonly children = new Set<Child>();
  /** Tunnels that the peer has deleted before its answer with them came: SPIs of what we would send. */
  readonly earlyDeletes = new Set<number>();
  /** The IKE SA that has taken the place of this one, or will when the rekey is through. */
  heir: IkeSa | undefined;
  /** The one that this one takes the place of, while that is there. */
  replaces: IkeSa | undefined;
  /** The lowest nonce of the rekey that made it (§2.8.2). */
  nonce: Uint8Array | undefined;
  /** Monotonic milliseconds at which it is to be rekeyed, and at which it ends; 0: never. */
  softMs = 0;
  hardMs = 0;
  /** The wish that this SA was made for, while it is not fulfilled. */
  attempt: Attempt | undefined;
  /** What IKE_AUTH asks for, until it is answered. */
  firstOffer: ChildOffer | undefined;
  /** Wishes for other pairs of the same peer, waiting for this SA to stand (OE-67). */
  readonly waiting: Attempt[] = [];
  /** The peer has left a request unanswered for a while; any authentic message clears it. */
  isDoubtful = false;
  /** Tunnels that the peer takes within it, once it has refused more (RFC 7296 §4: one at least). */
  mostChildren = Number.POSITIVE_INFINITY;
  /** Plugins that need it, beside its tunnels. */
  holds = 0;
  /** Clock of the last question that an unprotected message made us ask. */
  hintedMs: number | undefined;
  /** The answer that goes out is its last one. */
  isEnding = false;
  /** Clock of the last authentic message of the peer. */
  heardMs = 0;
  /** Clock of the first message of this SA, and of the last of IKE_AUTH. */
  bornMs = 0;
  establishedMs = 0;

  /** Where a caller was counted as half-open; its path may be another one by now. */
  calledFrom: IpAddress | undefined;

  constructor(
    readonly role: Role,
    readonly spiOwn: Uint8Array,
    public path: Path,
    timers: Timers,
  ) {
    this.timers = new NamedTimers(timers);
    this.responses = new ResponseWindow(role === 'responder' ? 1 : 0);
  }

  get spiInitiator(): Uint8Array {
    return this.role === 'initiator' ? this.spiOwn : this.spiPeer;
  }

  get spiResponder(): Uint8Array {
    return this.role === 'initiator' ? this.spiPeer : this.spiOwn;
  }

  /** For log lines: the peer and both SPIs, always in this order. */
  get name(): string {
    const { address } = this.path.remote;
    return `${address} ${toHex(this.spiInitiator)}_${toHex(this.spiResponder)}`;
  }

  /** Header of a message that we send within this SA. */
  head(exchange: number, isResponse: boolean, messageId: number): Head {
    const { spiInitiator, spiResponder } = this;
    const isFromInitiator = this.role === 'initiator';
    return { spiInitiator, spiResponder, exchange, isFromInitiator, isResponse, messageId };
  }

  /** Keys of what the peer sends. */
  get peerKeys(): SkKeys | undefined {
    return this.role === 'initiator' ? this.keys?.responder : this.keys?.initiator;
  }

  /**
   * Derives the keys when they are first needed: a responder does its costly mathematics only for a
   * peer that has come back with IKE_AUTH. False when the peer's public value is none of the group.
   */
  deriveKeys(random: (length: number) => Uint8Array): boolean {
    if (this.keys) return true;
    const { suite, keyExchange } = this;
    const shared = keyExchange?.peerPublic && keyExchange.pair.shared(keyExchange.peerPublic);
    if (!suite || !shared) return false;
    const { ni, nr } = this.init;
    const { prf, cipher } = suite;
    const { spiInitiator, spiResponder } = this;
    const input = { prf, cipher, shared, ni, nr, spiInitiator, spiResponder };
    this.keyExchange = undefined;
    this.takeKeys(suite, deriveIkeKeys(input), random);
    return true;
  }

  exportKey(seed: Uint8Array, length?: number): Uint8Array | undefined {
    const { keys, suite } = this;
    return keys && suite && prfPlus(suite.prf, keys.skD, seed, length ?? suite.prf.outputLength);
  }

  /** Both ends are proven: the messages of IKE_SA_INIT have served. */
  forgetHandshake(): void {
    this.init.request = NOTHING;
    this.init.response = NOTHING;
    this.firstOffer = undefined;
    this.certificateRequests = [];
    this.initRetry.cookie = undefined;
  }

  /** Of a rekey (§2.18). */
  takeKeys(suite: IkeSuite, keys: IkeKeys, random: (length: number) => Uint8Array): void {
    this.suite = suite;
    this.keys = keys;
    const own = this.role === 'initiator' ? keys.initiator : keys.responder;
    this.sealer = createSealer(suite.cipher, own, random);
  }

  /** Drops everything secret; what is left can answer a repeated request. */
  forgetSecrets(): void {
    this.keys = undefined;
    this.sealer = undefined;
    this.keyExchange = undefined;
  }
}

/** The one that has its place by now: an heir may have one itself. */
export const latest = (sa: IkeSa): IkeSa =>
  sa.heir && !isStanding(sa.state) ? latest(sa.heir) : sa;
