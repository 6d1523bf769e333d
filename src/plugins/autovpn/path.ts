/**
 * The seam between the two halves of AutoVPN. Probing proves that a gateway is on the path of a host
 * and gives a `ProvenPath`; trust and IKE make a tunnel of it for exactly that pair.
 *
 * Initiator (G1): probing gives the path to the plugin's `index.ts`, which opens a tunnel with what
 * `PathUser.authentication` says. The path goes along as fact `pathFact` of the IKE SA, from which the
 * IKE extension takes the octets of its AutoVPN Nonce payload.
 *
 * Responder (G2): the extension finds an AutoVPN Nonce in an IKE_SA_INIT request and asks `PathBook`
 * whose it is. What `claim` gives becomes the fact `pathFact` of that IKE SA.
 */
import type { Authentication } from '../../core/ike/credentials.js';
import type { Identity } from '../../core/ike/identity.js';
import type { IpAddress } from '../../core/net/address.js';
import type { Trust } from '../../core/plugin.js';

/** Name in `SaView.facts` of the `ProvenPath` that an IKE SA is made for. */
export const pathFact = 'autovpn path';

/** What the three probes have shown to one of both gateways. */
export interface ProvenPath {
  readonly role: 'initiator' | 'responder';
  /** The proven addresses, as they are between the gateways: TSi and TSr (AV-103, AV-104). */
  readonly pair: { readonly ours: IpAddress; readonly theirs: IpAddress };
  /** Our address that IKE is spoken from. */
  readonly local: IpAddress;
  /** The initiator has it from the Probe Complete; of a responder's it is who sent the Probe Response. */
  readonly peerGateway: IpAddress;
  /** 8 to 64 octets each, without payload headers. */
  readonly nonceI: Uint8Array;
  readonly nonceR: Uint8Array;
}

export type ClaimedPath = { ok: true; path: ProvenPath } | { ok: false; why: string };

/** Of all WANs together: what the responder's probing knows of nonces that come back. */
export interface PathBook {
  /**
   * Was this Nonce-R made by us, answered by a Probe Response, and is it unused? The first claim takes
   * it for this IKE SPI of the initiator (8 octets): the same caller may repeat its message (AV-A29),
   * any other is refused. Asked before any state is made; must be cheap, and does not wait.
   */
  claim(nonceR: Uint8Array, spiInitiator: Uint8Array, from: IpAddress): ClaimedPath;
}

/** What probing and the plugin ask of the trust half. */
export interface PathUser {
  /** What proves us and the peer on a path of ours; a reason when there shall be no tunnel. */
  authentication(path: ProvenPath): PathProofs | { why: string };
  /**
   * A reason why no probe is to be sent or answered for this pair, as far as its addresses tell: it was
   * authorized for a peer that is Untrusted now (AV-89).
   */
  refuses(pair: ProvenPath['pair']): string | undefined;
}

export type PathProofs = Authentication & { identity?: Identity; trust: Trust };
