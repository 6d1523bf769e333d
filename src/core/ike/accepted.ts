/** Would these proofs have accepted a peer that was proven some time ago? */
import { keyId } from '../pki/public-key.js';
import type { AcceptableProofs, ProofKind, ProvenPeer } from './credentials.js';
import { sameIdentity } from './identity.js';

const rules: Record<ProofKind, (proofs: AcceptableProofs, peer: ProvenPeer) => boolean> = {
  key: ({ keys = [] }, { key }) => keys.some((one) => key && keyId(one) === keyId(key)),
  extension: (proofs, peer) => rules.key(proofs, peer),
  certificate: ({ authorities = [] }, { authority }) =>
    authorities.some(({ fingerprint }) => fingerprint === authority),
  'unverified certificate': () => false,
  secret: ({ secrets = [] }, peer) =>
    secrets.some(({ identity }) => !identity || sameIdentity(identity, peer.identity)),
  null: ({ allowsNull = false }) => allowsNull,
};

/** One IKE SA may then serve both (OE-67). */
export const wouldAccept = (proofs: AcceptableProofs, peer: ProvenPeer): boolean =>
  rules[peer.proof](proofs, peer);
