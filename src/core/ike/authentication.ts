/**
 * AUTH payloads: proving who we are, and looking at the proof of the peer (RFC 7296 §2.15). The ways
 * are those of `credentials.ts`, and each direction may go another one.
 */
import { equalConstantTime } from '../bytes/bytes.js';
import { checkChain } from '../pki/certificate-chain.js';
import { formatName } from '../pki/distinguished-name.js';
import { markSecret } from './accepted.js';
import { isInNameOf } from './certificate-identity.js';
import type { SentCertificates } from './certificate-payloads.js';
import type { IkeContext } from './context.js';
import type { AcceptableProofs, Authentication, Credential, ProvenPeer } from './credentials.js';
import { authOctets } from './crypto/keymat.js';
import { sharedKeyMac } from './crypto/shared-key.js';
import {
  AuthMethod,
  type AuthValue,
  type SignResult,
  signAuth,
  verifyAuth,
} from './crypto/signature.js';
import {
  addressIdentity,
  formatIdentity,
  type Identity,
  nameIdentity,
  nullIdentity,
  sameIdentity,
} from './identity.js';
import type { IkeSa, Role } from './ike-sa.js';

/** What the one in `signer`'s role signs. */
function octets(sa: IkeSa, signer: Role, identity: Identity): Uint8Array {
  const { init } = sa;
  const isInitiator = signer === 'initiator';
  return authOctets({
    prf: sa.suite!.prf,
    message: isInitiator ? init.request : init.response,
    peerNonce: isInitiator ? init.nr : init.ni,
    skP: skP(sa, signer),
    identity,
  });
}

/** SK_pi or SK_pr. */
const skP = ({ keys }: IkeSa, signer: Role): Uint8Array =>
  signer === 'initiator' ? keys!.skPi : keys!.skPr;

const peerRole = (sa: IkeSa): Role => (sa.role === 'initiator' ? 'responder' : 'initiator');

export type OwnProof =
  /** `name` of the way, for the log. */
  | { ok: true; identity: Identity; credential: Credential; auth: AuthValue; name: string }
  /** The peer knows no signature that our key can make. */
  | { ok: false; why: string };

function ownIdentity(ctx: IkeContext, sa: IkeSa, chosen: Authentication, credential: Credential) {
  if (chosen.ownIdentity) return chosen.ownIdentity;
  if (credential.kind === 'null') return nullIdentity;
  const { address } = sa.path.local;
  const own = credential.kind === 'certificate' ? credential.chain[0] : undefined;
  if (own && (chosen.credential || !ctx.identity)) return nameIdentity(own.subject);
  return ctx.identity?.(address) ?? addressIdentity(address);
}

/** Our AUTH payload, by what the owner has chosen for this connection. */
export function proveOurselves(ctx: IkeContext, sa: IkeSa, chosen: Authentication): OwnProof {
  const credential = chosen.credential ?? ctx.credential;
  const identity = ownIdentity(ctx, sa, chosen, credential);
  const signed = octets(sa, sa.role, identity);
  for (const method of ctx.extensions.authentication()) {
    const auth = method.sign?.(signed, sa);
    if (auth) return { ok: true, identity, credential, auth, name: `method ${auth.method}` };
  }
  const result = sign(ctx, sa, credential, signed);
  return result.ok ? { ...result, identity, credential } : result;
}

function sign(ctx: IkeContext, sa: IkeSa, credential: Credential, signed: Uint8Array): SignResult {
  if (credential.kind === 'key' || credential.kind === 'certificate')
    return signAuth(credential.key, signed, sa.peerHashes, ctx.random, credential.rsaPadding);
  const isNull = credential.kind === 'null';
  const secret = isNull ? skP(sa, sa.role) : credential.secret;
  const data = sharedKeyMac(sa.suite!.prf, secret, signed);
  const method = isNull ? AuthMethod.NULL : AuthMethod.SHARED_KEY_MIC;
  return { ok: true, auth: { method, data }, name: isNull ? 'NULL' : 'pre-shared key' };
}

export type Proof = { ok: true; peer: ProvenPeer } | { ok: false; why: string };

const unproven = (why: string): Proof => ({ ok: false, why });

/** What the peer shows. */
export interface PeerProof {
  identity: Identity;
  auth: AuthValue;
  sent: SentCertificates;
}

/** Looks at the peer's AUTH with all that may prove it (OE-114): one that fits is enough. */
export function checkProof(
  ctx: IkeContext,
  sa: IkeSa,
  shown: PeerProof,
  proofs: AcceptableProofs,
): Proof {
  const { identity, auth } = shown;
  const signed = octets(sa, peerRole(sa), identity);
  const method = ctx.extensions.authentication().find((one) => one.method === auth.method);
  if (method) {
    const claim = { identity, address: sa.path.remote.address, keys: proofs.keys ?? [] };
    const result = method.verify(auth, signed, claim);
    if (!result.ok) return result;
    return { ok: true, peer: { identity, proof: 'extension', key: result.key } };
  }
  switch (auth.method) {
    case AuthMethod.SHARED_KEY_MIC:
      return checkSecrets(ctx, sa, { shown, signed, proofs });
    case AuthMethod.NULL:
      return checkNull(sa, shown, signed, proofs);
    default:
      return checkSignature(ctx, sa, { shown, signed, proofs });
  }
}

interface ProofCheck {
  shown: PeerProof;
  signed: Uint8Array;
  proofs: AcceptableProofs;
}

const isMac = (sa: IkeSa, secret: Uint8Array, signed: Uint8Array, data: Uint8Array): boolean =>
  equalConstantTime(sharedKeyMac(sa.suite!.prf, secret, signed), data);

function checkSecrets(ctx: IkeContext, sa: IkeSa, { shown, signed, proofs }: ProofCheck): Proof {
  const { identity, auth, sent } = shown;
  const { secrets = [] } = proofs;
  const usable = secrets.filter(
    (one) => one.secret.length > 0 && (!one.identity || sameIdentity(one.identity, identity)),
  );
  if (usable.length === 0) return unproven('no pre-shared key for this identity');
  const right = usable.filter(({ secret }) => isMac(sa, secret, signed, auth.data));
  const [found] = right;
  if (!found) return unproven('the pre-shared key is another one');
  const certificate = sent.certificates[0]?.bytes;
  return {
    ok: true,
    peer: {
      identity,
      proof: 'secret',
      secretMark: markSecret(found.secret, ctx.random),
      ...(right.some((one) => one.identity) ? {} : { isGroupSecret: true }),
      ...(certificate ? { certificate } : {}),
    },
  };
}

/** RFC 7619 §2.1: it shows that the peer has the keys of this IKE SA, and nothing more. */
function checkNull(
  sa: IkeSa,
  { identity, auth }: PeerProof,
  signed: Uint8Array,
  { allowsNull = false }: AcceptableProofs,
): Proof {
  if (!allowsNull) return unproven('NULL authentication is not allowed here');
  return isMac(sa, skP(sa, peerRole(sa)), signed, auth.data)
    ? { ok: true, peer: { identity, proof: 'null' } }
    : unproven('the AUTH payload of NULL authentication is wrong');
}

/** Known keys first: they need no certificate. */
function checkSignature(ctx: IkeContext, sa: IkeSa, check: ProofCheck): Proof {
  const { shown, signed, proofs } = check;
  const { identity, auth, sent } = shown;
  const reasons: string[] = [];
  for (const key of proofs.keys ?? []) {
    const result = verifyAuth(auth, key, signed, sa.peerHashes);
    if (result.ok) return { ok: true, peer: { identity, proof: 'key', key } };
    reasons.push(result.why);
  }
  if (proofs.authorities || proofs.judgeUnverified) {
    const proof = checkCertificate(ctx, sa, check);
    if (proof.ok) return proof;
    reasons.push(proof.why, ...sent.problems);
  }
  return unproven(reasons.join('; ') || 'no key to verify with');
}

/** §3.6: the first certificate has the key of the signature. Without one it may be one that we have. */
function checkCertificate(ctx: IkeContext, sa: IkeSa, check: ProofCheck): Proof {
  const { shown, signed, proofs } = check;
  const { identity, auth, sent } = shown;
  const { authorities = [], judgeUnverified } = proofs;
  const leaf = sent.certificates[0] ?? authorities.find((one) => isInNameOf(one, identity));
  if (!leaf) return unproven('no certificate of it');
  if (!isInNameOf(leaf, identity))
    return unproven(
      `certificate of ${formatName(leaf.subject)} is not in the name of the identity`,
    );
  const result = verifyAuth(auth, leaf.key, signed, sa.peerHashes);
  if (!result.ok) return result;
  const peer = { identity, key: leaf.key, certificate: leaf.bytes };
  const now = ctx.clock.wallSeconds();
  const chain = checkChain(leaf, sent.certificates.slice(1), authorities, now);
  if (chain.ok)
    return {
      ok: true,
      peer: { ...peer, proof: 'certificate', authority: chain.authority.fingerprint },
    };
  try {
    const judged = judgeUnverified?.(leaf, identity) ?? chain;
    return judged.ok ? { ok: true, peer: { ...peer, proof: 'unverified certificate' } } : judged;
  } catch (error) {
    // It is a plugin's, and its bug shall cost this peer alone.
    ctx.log.error(`certificate of ${formatName(leaf.subject)} not judged: ${String(error)}`);
    return unproven('internal error');
  }
}

/** For people: who could not be proven, and why. */
export const describeFailure = (identity: Identity, why: string): string =>
  `proof of ${formatIdentity(identity)} does not hold: ${why}`;
