/** Would these proofs have accepted a peer that was proven some time ago? */
import { concat, equalConstantTime } from '../bytes/bytes.js';
import { keyId } from '../pki/public-key.js';
import type { AcceptableProofs, ProofKind, ProvenPeer } from './credentials.js';
import { PRF_HMAC_SHA2_256 } from './crypto/prf.js';
import { sameIdentity } from './identity.js';

const SALT_LENGTH = 16;

const withSalt = (secret: Uint8Array, salt: Uint8Array): Uint8Array =>
  concat(salt, PRF_HMAC_SHA2_256.compute(secret, salt));

/** What a secret is known by afterwards, without being kept: a salt and a MAC of it. */
export const markSecret = (
  secret: Uint8Array,
  random: (length: number) => Uint8Array,
): Uint8Array => withSalt(secret, random(SALT_LENGTH));

const isMarkOf = (mark: Uint8Array, secret: Uint8Array): boolean =>
  equalConstantTime(mark, withSalt(secret, mark.subarray(0, SALT_LENGTH)));

const rules: Record<ProofKind, (proofs: AcceptableProofs, peer: ProvenPeer) => boolean> = {
  key: ({ keys = [] }, { key }) => keys.some((one) => key && keyId(one) === keyId(key)),
  extension: (proofs, peer) => rules.key(proofs, peer),
  certificate: ({ authorities = [] }, { authority }) =>
    authorities.some(({ fingerprint }) => fingerprint === authority),
  'unverified certificate': () => false,
  secret: ({ secrets = [] }, { identity, secretMark }) =>
    secrets.some(
      (one) =>
        (!one.identity || sameIdentity(one.identity, identity)) &&
        secretMark !== undefined &&
        isMarkOf(secretMark, one.secret),
    ),
  null: ({ allowsNull = false }) => allowsNull,
};

/** One IKE SA may then serve both (OE-67). */
export const wouldAccept = (proofs: AcceptableProofs, peer: ProvenPeer): boolean =>
  rules[peer.proof](proofs, peer);
