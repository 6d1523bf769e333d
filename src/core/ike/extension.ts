/**
 * What a plugin can add to IKE: payloads and notifies in messages of an exchange, a look at those of
 * the peer with a veto, an authorization of its own, and authentication methods. NAT detection and
 * the signature hash notify of this daemon are extensions too.
 *
 *     const hello: Extension = {
 *       name: 'hello',
 *       outgoing: (message) =>
 *         message === 'IKE_SA_INIT request' ? [notifyPayload(40960, utf8('hello'))] : [],
 *       incoming: (message, sa, payloads) => {
 *         if (findNotify(payloads, 40960)) sa.facts.set('hello', true);
 *         return undefined;
 *       },
 *     };
 */
import type { IpAddress, Prefix } from '../net/address.js';
import type { PublicKey } from '../pki/public-key.js';
import type { ProvenPeer } from './credentials.js';
import type { AuthValue, VerifyResult } from './crypto/signature.js';
import type { AllowedTraffic, ClientResult, TunnelWish } from './daemon.js';
import type { Identity } from './identity.js';
import type { Traffic } from './narrowing.js';
import type { Payload, PayloadOf } from './payloads/payload.js';
import type { Path } from './transport.js';

/** Messages that an extension can add to and look at. */
export type ExtensibleMessage =
  | 'IKE_SA_INIT request'
  | 'IKE_SA_INIT response'
  | 'IKE_AUTH request'
  | 'IKE_AUTH response'
  | 'CREATE_CHILD_SA request'
  | 'CREATE_CHILD_SA response'
  | 'INFORMATIONAL request'
  | 'INFORMATIONAL response';

/** What an extension sees of an IKE SA. */
export interface SaView {
  readonly role: 'initiator' | 'responder';
  readonly path: Path;
  /** 8 bytes each; the responder's is zero before it is known. */
  readonly spiInitiator: Uint8Array;
  readonly spiResponder: Uint8Array;
  /** Who the other end is, once it has proven it. */
  readonly peer: ProvenPeer | undefined;
  /**
   * Memory of extensions for this IKE SA, by names of their own. Text (short) outlives a crash of the
   * daemon, other values do not.
   */
  readonly facts: Map<string, unknown>;
  /** Who is behind a NAT, once NAT detection has run. */
  nat: { we: boolean; peer: boolean };
  /** CERTREQ payloads of a responder, as they came. */
  certificateRequests: readonly PayloadOf<'CERTREQ'>[];
  /** Hash algorithms of the peer (RFC 7427 §4); `undefined` when it named none. */
  peerHashes: readonly number[] | undefined;
  /** Sizes of IP datagrams for our fragments, from large to small; none: not agreed (RFC 7383). */
  fragmentSizes: readonly number[];
  /** The responder takes IKE_AUTH that asks for no tunnel (RFC 6023). */
  takesChildless: boolean;
  /**
   * It stands beside other IKE SAs with the same peer, by intent: INITIAL_CONTACT is neither said in it
   * nor heeded, and it serves no wish but its own.
   */
  isAlone: boolean;
  /**
   * prf+(SK_d, seed) for a secret of the extension's own: `length` bytes, or one block of the PRF
   * (RFC 7296 §2.13). `undefined` while there are no keys.
   */
  exportKey(seed: Uint8Array, length?: number): Uint8Array | undefined;
}

/** An IKE_SA_INIT request that belongs to no IKE SA yet. */
export interface FirstMessage {
  path: Path;
  /** 8 bytes. */
  spiInitiator: Uint8Array;
  payloads: readonly Payload[];
}

/** What an extension can do beside answering. */
export interface ExtensionServices {
  /**
   * Starts an INFORMATIONAL exchange. Gives the payloads of the answer, or `undefined` when the IKE SA
   * does not stand, or has ended before one came.
   */
  inform(sa: SaView, payloads: readonly Payload[]): Promise<readonly Payload[] | undefined>;
  /** The IKE SAs that stand, with proven peers. */
  standing(): readonly SaView[];
  /** Deletes an IKE SA with all its tunnels. */
  end(sa: SaView, why: string): void;
}

/** Nothing against it, or the reason why the exchange must not go on. */
export type Veto = undefined | { why: string };

/** A way to prove who one is, beside the signatures that are built in. */
export interface AuthenticationMethod {
  /** IANA "IKEv2 Authentication Method" of the AUTH payloads that `verify` is asked about. */
  readonly method: number;
  /** Our AUTH payload, or `undefined` to leave it to the built-in signatures. */
  sign?(octets: Uint8Array, sa: SaView): AuthValue | undefined;
  /** `key`: what the peer is known by from now on. */
  verify(
    auth: AuthValue,
    octets: Uint8Array,
    claim: { identity: Identity; address: IpAddress; keys: readonly PublicKey[] },
  ): (VerifyResult & { ok: true; key: PublicKey }) | (VerifyResult & { ok: false });
}

export interface Extension {
  readonly name: string;
  /** Payload types of its own, for which the critical bit may be set (RFC 7296 §2.5). */
  readonly payloadTypes?: readonly number[];
  /** Told once, before the first message. */
  start?(services: ExtensionServices): void;
  /**
   * May this first message be answered at all, be it with a cookie or an error? Asked before there is
   * any state, of each message of a stranger: it must be cheap, and must not wait. (Under a flood the
   * cookie goes out before, see `doorkeeper.ts`.)
   */
  admits?(first: FirstMessage): Veto;
  /** Payloads to add to a message of ours; `asked`: those of the request that a response answers. */
  outgoing?(message: ExtensibleMessage, sa: SaView, asked: readonly Payload[]): readonly Payload[];
  /**
   * Looks at a message of the peer before it has any effect. Must not wait. After a veto an
   * INFORMATIONAL request is answered and has no further effect.
   */
  incoming?(message: ExtensibleMessage, sa: SaView, payloads: readonly Payload[]): Veto;
  /** Traffic to propose for a wish of ours that names none itself; `undefined`: no matter of its own. */
  propose?(sa: SaView, wish: TunnelWish): Traffic | undefined;
  /** As `IkeOwner.allowedTraffic`, asked when the owner has nothing to say. */
  allowedTraffic?(sa: SaView): AllowedTraffic | undefined;
  /** May a proven peer have this tunnel? Asked beside the owner; one no is a no. */
  authorize?(sa: SaView, theirs: Prefix, ours: Prefix): Promise<ClientResult>;
  readonly authentication?: AuthenticationMethod;
}
