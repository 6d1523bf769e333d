/** AUTH payloads: proving who we are, and looking at the proof of the peer (RFC 7296 §2.15). */
import type { PublicKey } from '../pki/public-key.js';
import type { IkeContext } from './context.js';
import { authOctets } from './crypto/keymat.js';
import { type AuthValue, type SignResult, signAuth, verifyAuth } from './crypto/signature.js';
import type { Identity } from './identity.js';
import type { IkeSa, Role } from './ike-sa.js';

/** What the one in `signer`'s role signs. */
function octets(sa: IkeSa, signer: Role, identity: Identity): Uint8Array {
  const { init, keys } = sa;
  const isInitiator = signer === 'initiator';
  return authOctets({
    prf: sa.suite!.prf,
    message: isInitiator ? init.request : init.response,
    peerNonce: isInitiator ? init.nr : init.ni,
    skP: isInitiator ? keys!.skPi : keys!.skPr,
    identity,
  });
}

/** Our AUTH payload. Fails when the peer knows no signature that our key can make. */
export function proveOurselves(ctx: IkeContext, sa: IkeSa, identity: Identity): SignResult {
  const signed = octets(sa, sa.role, identity);
  for (const method of ctx.extensions.authentication()) {
    const auth = method.sign?.(signed, sa);
    if (auth) return { ok: true, auth, name: `method ${auth.method}` };
  }
  return signAuth(ctx.key, signed, sa.peerHashes, ctx.random);
}

export type Proof = { ok: true; key: PublicKey } | { ok: false; why: string };

/** Tries the peer's AUTH with all keys that it may have (OE-114): one that fits is enough. */
export function checkProof(
  ctx: IkeContext,
  sa: IkeSa,
  claim: { identity: Identity; auth: AuthValue; keys: readonly PublicKey[] },
): Proof {
  const signer = sa.role === 'initiator' ? 'responder' : 'initiator';
  const signed = octets(sa, signer, claim.identity);
  const { identity, auth, keys } = claim;
  const method = ctx.extensions.authentication().find((one) => one.method === auth.method);
  if (method) {
    const { address } = sa.path.remote;
    return method.verify(auth, signed, { identity, address, keys });
  }
  const reasons: string[] = [];
  for (const key of keys) {
    const result = verifyAuth(auth, key, signed);
    if (result.ok) return { ok: true, key };
    reasons.push(result.why);
  }
  return { ok: false, why: reasons.join('; ') || 'no key to verify with' };
}
