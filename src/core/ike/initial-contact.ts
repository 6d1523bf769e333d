/**
 * INITIAL_CONTACT (RFC 7296 §2.4): "this is the only IKE SA between us two", so that an end learns at
 * once that the other was restarted. It is tied to the two proven identities, never to an address
 * (SP-32): others may be behind the same NAT, and a peer may have moved. An IKE SA that stands beside
 * others by intent (`isAlone`) neither says nor heeds it.
 */
import { keyId } from '../pki/public-key.js';
import { wouldAccept } from './accepted.js';
import type { IkeContext } from './context.js';
import type { AcceptableProofs, ProvenPeer } from './credentials.js';
import { formatIdentity, type Identity, sameIdentity } from './identity.js';
import type { IkeSa } from './ike-sa.js';
import { findNotify, notifyPayload, type Payload } from './payloads/payload.js';
import { NotifyType } from './registries/notifies.js';
import { endSa } from './sa-life.js';
import { isAuthenticated } from './states.js';

/** Without a proof of its own for the identity, the key has to be the same one. */
export function isSamePeer(one: ProvenPeer, other: ProvenPeer): boolean {
  // RFC 7619 §2.5: nobody is proven, so nobody is known to be the same.
  if (one.proof === 'null' || one.proof !== other.proof) return false;
  if (!sameIdentity(one.identity, other.identity)) return false;
  if (one.proof === 'certificate' || one.proof === 'secret') return true;
  return one.key !== undefined && other.key !== undefined && keyId(one.key) === keyId(other.key);
}

const isOneOfGroup = (...peers: ProvenPeer[]): boolean =>
  peers.some(({ isGroupSecret = false }) => isGroupSecret);

const isAtSameAddress = (one: IkeSa, other: IkeSa): boolean =>
  one.path.remote.address === other.path.remote.address;

/** One that we gave up before the peer was proven does not count (`giveUp`). */
const isThere = ({ state, peer }: IkeSa): boolean =>
  state !== 'GONE' && (state !== 'DELETING' || peer !== undefined);

const speaksAs = (sa: IkeSa, own: Identity | undefined): boolean =>
  !own || !sa.ownIdentity || sameIdentity(sa.ownIdentity, own);

const says = (isFirst: boolean): Payload[] =>
  isFirst ? [notifyPayload(NotifyType.INITIAL_CONTACT)] : [];

/** For our IKE_AUTH request: no other IKE SA with any peer whom these proofs would accept. */
export function contactOfInitiator(
  ctx: IkeContext,
  sa: IkeSa,
  proofs: AcceptableProofs,
): Payload[] {
  const { address } = sa.path.remote;
  const mayBeSame = (other: IkeSa) =>
    other.path.remote.address === address || (other.peer && wouldAccept(proofs, other.peer));
  return says(
    !sa.isAlone &&
      !proofs.allowsNull &&
      !ctx.sas.all().some((one) => one !== sa && isThere(one) && mayBeSame(one)),
  );
}

/** For our answer, when the peer is proven. */
export function contactOfResponder(ctx: IkeContext, sa: IkeSa): Payload[] {
  const { peer, path } = sa;
  const mayBeSame = (other: IkeSa) =>
    other.path.remote.address === path.remote.address ||
    (other.peer && peer && sameIdentity(other.peer.identity, peer.identity));
  return says(
    !sa.isAlone &&
      peer?.proof !== 'null' &&
      !ctx.sas.all().some((one) => one !== sa && isThere(one) && mayBeSame(one)),
  );
}

/**
 * The peer says that it has no other: those that were there before it began with this one go. (One
 * that has come up meanwhile, by a call of ours that crossed the peer's, stays.)
 */
export function heedInitialContact(ctx: IkeContext, sa: IkeSa, payloads: readonly Payload[]): void {
  const { peer } = sa;
  if (!peer || sa.isAlone || !findNotify(payloads, NotifyType.INITIAL_CONTACT)) return;
  for (const other of ctx.sas.all()) {
    const isOlder = isAuthenticated(other.state) && other.establishedMs < sa.bornMs;
    if (other === sa || other.isAlone || !isOlder || !other.peer) continue;
    if (!isSamePeer(peer, other.peer) || !speaksAs(other, sa.ownIdentity)) continue;
    // Else whoever is in the group could end what the others have.
    if (isOneOfGroup(peer, other.peer) && !isAtSameAddress(sa, other)) continue;
    const why = `${formatIdentity(peer.identity)} has begun anew`;
    ctx.log.info(`${other.name}: ${why}, its earlier IKE SA is gone`);
    void endSa(ctx, other, 'deleted by peer', why);
  }
}
