/**
 * What we show to a peer of a proven path, and what we take from it: certificates by leap of faith, or
 * the shared secret once there is one, before anything else (AV-101, AV-142). The peer's name decides,
 * and its address never (AV-136).
 */
import { equal } from '../../../core/bytes/bytes.js';
import type { Authentication } from '../../../core/ike/credentials.js';
import { type Identity, IdType, nameIdentity } from '../../../core/ike/identity.js';
import type { IpAddress } from '../../../core/net/address.js';
import type { Certificate } from '../../../core/pki/certificate.js';
import type { KeysForClaim, PeerClaim, Trust as Vouched } from '../../../core/plugin.js';
import type { PathProofs, ProvenPath } from '../path.js';
import type { TrustOptions } from '../trust/options.js';
import type { Own } from '../trust/own.js';
import type { Peer } from '../trust/peer.js';
import type { Trust } from '../trust/trust.js';
import { pairIn } from './pair.js';

/** A claim is looked at again when a tunnel of it is renewed. */
const ttlSeconds = 3600;
/** Gateways whose last guess is remembered. */
const mostTried = 256;

export interface ProofsParts {
  own: Own;
  trust: Trust;
  options: TrustOptions;
}

const refused = (why: string) => ({ kind: 'refused', why }) as const;

/** How far a peer of the table is to be trusted, for status (AV-4). */
export function vouchedFor(peer: Peer | undefined): Vouched {
  if (peer?.state !== 'Trusted') return 'first contact';
  return peer.trustedBy === 'authority' ? 'authority' : 'fingerprint';
}

export class Proofs {
  readonly #identity: Identity;
  /** Secrets that were tried with a gateway, which has not been proven with them yet. */
  readonly #tried = new Map<IpAddress, string>();

  constructor(private readonly parts: ProofsParts) {
    this.#identity = nameIdentity(parts.own.name);
  }

  /**
   * As responder: the caller has shown its name and perhaps certificates, and proven nothing yet. Without
   * facts it is a question of our own, about a peer of a tunnel that stands.
   */
  keysFor(claim: PeerClaim): KeysForClaim {
    if (claim.facts && !pairIn(claim.facts)) return refused('it comes without a proven path');
    const { identity, method } = claim;
    if (identity.type !== IdType.ID_DER_ASN1_DN) return refused('its identity is no DN (AV-A31)');
    const peer = this.parts.trust.table.find(identity.data);
    const no = this.#refusalOf(peer);
    if (no) return refused(no);
    if (!peer && !claim.facts) return refused('it was forgotten');
    const common = { trust: vouchedFor(peer), ttlSeconds };
    if (peer?.secret && (method === 'secret' || method === undefined))
      return this.#hasOurName(peer)
        ? { kind: 'keys', ...common, ...this.#bySecret(peer) }
        : refused('the shared secret with it belongs to an earlier name of ours');
    if (peer?.secret && this.parts.options.secretStrict)
      return refused(
        'there is a shared secret with it: a certificate alone does not count (AV-142)',
      );
    if (method !== undefined && method !== 'signature')
      return refused('a first meeting needs a certificate (AV-101)');
    return { kind: 'keys', ...common, ...this.#byCertificate(claim.address) };
  }

  /**
   * As initiator. Whom we will meet is not known yet; only which of the peers with a secret it may be:
   * one that has spoken for this address, or that we met at this gateway. That is a guess for what to
   * show first, and takes nothing on trust: the peer must prove that name with that secret. A guess
   * that failed is not made again at once.
   */
  forPath({ pair, peerGateway }: ProvenPath): PathProofs | { why: string } {
    const why = this.parts.trust.refusesAddress(pair.theirs);
    if (why) return { why };
    const guess = this.#guess(pair.theirs, peerGateway);
    const hasFailed = guess && this.#tried.get(peerGateway) === guess.fingerprint;
    this.#tried.delete(peerGateway);
    if (!guess || hasFailed) return { ...this.#byCertificate(peerGateway), trust: 'first contact' };
    if (this.#tried.size >= mostTried) this.#tried.clear();
    this.#tried.set(peerGateway, guess.fingerprint);
    const identity = nameIdentity(guess.name);
    return { ...this.#bySecret(guess), identity, trust: vouchedFor(guess) };
  }

  /** The peer at this gateway is proven. */
  succeeded(gateway: IpAddress): void {
    this.#tried.delete(gateway);
  }

  #guess(client: IpAddress, gateway: IpAddress): Peer | undefined {
    const { table, authorizations } = this.parts.trust;
    const isUsable = (peer: Peer): boolean =>
      peer.secret !== undefined && this.#hasOurName(peer) && !this.#refusalOf(peer);
    return (
      authorizations
        .peersFor(client)
        .flatMap((name) => table.find(name) ?? [])
        .find(isUsable) ?? table.all().find((peer) => peer.address === gateway && isUsable(peer))
    );
  }

  #refusalOf(peer: Peer | undefined): string | undefined {
    if (peer?.state === 'Untrusted') return 'it is marked Untrusted (AV-133)';
    return peer?.state === 'Managed' ? 'it is managed by configuration' : undefined;
  }

  /** AV-141: a secret belongs to a pair of names. */
  #hasOurName = (peer: Peer): boolean =>
    peer.secret !== undefined && equal(peer.secret.ownName, this.parts.own.name);

  /** Our certificate goes along: the peer learns of a new one by it (AV-A40). */
  #bySecret({ name, secret }: Peer): Authentication {
    const { value } = secret!;
    return {
      ownIdentity: this.#identity,
      credential: { kind: 'secret', secret: value, chain: this.parts.own.chain },
      secrets: [{ secret: value, identity: nameIdentity(name) }],
    };
  }

  #byCertificate(from: IpAddress): Authentication {
    const { own, trust } = this.parts;
    return {
      ownIdentity: this.#identity,
      credential: { kind: 'certificate', key: own.key, chain: own.chain },
      authorities: trust.authorities,
      judgeUnverified: (certificate) => this.#judge(certificate, from),
    };
  }

  #judge({ subject, fingerprint }: Certificate, from: IpAddress) {
    return this.parts.trust.judge({ name: subject, fingerprint }, false, from);
  }
}
