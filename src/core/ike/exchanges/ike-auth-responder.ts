/**
 * IKE_AUTH as responder (RFC 7296 §1.2). The request waits while the owner looks for the peer's keys
 * and asks whether it may have the tunnel; others are served meanwhile, and repetitions of the
 * request are passed over. The tunnel is in the kernel before the answer leaves (OE-65).
 */
import { watchAge } from '../age.js';
import { checkProof, describeFailure, proveOurselves } from '../authentication.js';
import {
  certificatesToShow,
  readCertificates,
  type SentCertificates,
} from '../certificate-payloads.js';
import type { IkeContext } from '../context.js';
import type { Authentication } from '../credentials.js';
import { AuthMethod } from '../crypto/signature.js';
import type { PeerClaim } from '../daemon.js';
import { formatIdentity, type Identity } from '../identity.js';
import type { IkeSa } from '../ike-sa.js';
import { contactOfResponder, heedInitialContact } from '../initial-contact.js';
import { watchPeer } from '../liveness.js';
import { find, findAll, findNotify, type Payload } from '../payloads/payload.js';
import { NotifyType } from '../registries/notifies.js';
import { endSa, enter } from '../sa-life.js';
import { announceWindow, openWindows } from '../window-size.js';
import { withinTime } from '../within-time.js';
import { agree, type ChildAnswer, makeChild, wantedPair } from './child-answer.js';
import { type Received, respond, respondAndEnd } from './common.js';
import { identityOf, idPayload } from './ike-auth-initiator.js';
import { idleWatch } from './informational.js';

const { AUTHENTICATION_FAILED } = NotifyType;

function notAuthentic(ctx: IkeContext, sa: IkeSa, message: Received, why: string): void {
  ctx.counters.count('peers not authenticated');
  ctx.refusals.write(`peer ${sa.path.remote.address} not authenticated: ${why}`);
  respondAndEnd(ctx, sa, message, AUTHENTICATION_FAILED, why);
}

/** §2.16, RFC 6023: something else than signatures is asked for; or nothing that makes sense. */
export function refuseOtherAuth(ctx: IkeContext, sa: IkeSa, message: Received): void {
  enter(ctx, sa, 'AUTH_PENDING', 'IKE_AUTH of a kind that is not spoken here');
  notAuthentic(ctx, sa, message, 'it wants EAP, or makes no sense');
}

const methodNames: Readonly<Record<number, PeerClaim['method']>> = {
  [AuthMethod.RSA_DIGITAL_SIGNATURE]: 'signature',
  [AuthMethod.ECDSA_SHA_256_P256]: 'signature',
  [AuthMethod.ECDSA_SHA_384_P384]: 'signature',
  [AuthMethod.DIGITAL_SIGNATURE]: 'signature',
  [AuthMethod.SHARED_KEY_MIC]: 'secret',
  [AuthMethod.NULL]: 'null',
};

/** What the request says of its sender. */
function claimOf(
  sa: IkeSa,
  message: Received,
  identity: Identity,
  { certificates, rawKey }: SentCertificates,
): PeerClaim {
  const wanted = find(message.payloads, 'IDr');
  const client = wantedPair(sa, message)?.theirs.prefix;
  return {
    identity,
    address: sa.path.remote.address,
    local: sa.path.local.address,
    method: methodNames[find(message.payloads, 'AUTH')!.method] ?? 'other',
    certificates,
    ...(rawKey ? { rawKey } : {}),
    ...(wanted ? { wanted: identityOf(wanted) } : {}),
    ...(client ? { client } : {}),
    facts: sa.facts,
  };
}

/** The owner's keys; `undefined` when the SA ended here. */
async function keysOf(ctx: IkeContext, sa: IkeSa, message: Received, claim: PeerClaim) {
  const asked = withinTime(ctx.timers, ctx.limits.ownerMs, ctx.owner.keysFor(claim));
  const answer = await asked.catch((error) => {
    ctx.log.error(`keys of ${formatIdentity(claim.identity)}: ${String(error)}`);
    return undefined;
  });
  if (sa.state !== 'AUTH_PENDING') return undefined;
  if (!answer) {
    // Without an answer the peer takes us for silent, which is what we are: its verdict is short.
    void endSa(ctx, sa, 'expired', `keys of ${formatIdentity(claim.identity)} did not come`);
    return undefined;
  }
  if (answer.ok) return answer;
  const name = formatIdentity(claim.identity);
  notAuthentic(ctx, sa, message, `no keys for ${name}: ${answer.why}`);
  return undefined;
}

/**
 * Identity and proof of the peer. What the owner chose for this connection; `undefined` when the SA
 * ended here.
 */
async function authenticate(
  ctx: IkeContext,
  sa: IkeSa,
  message: Received,
): Promise<Authentication | undefined> {
  const identity = identityOf(find(message.payloads, 'IDi')!);
  const sent = readCertificates(message.payloads);
  const chosen = await keysOf(ctx, sa, message, claimOf(sa, message, identity, sent));
  if (!chosen) return undefined;
  const auth = find(message.payloads, 'AUTH')!;
  const proof = checkProof(ctx, sa, { identity, auth, sent }, chosen);
  if (!proof.ok) {
    notAuthentic(ctx, sa, message, describeFailure(identity, proof.why));
    return undefined;
  }
  sa.peer = proof.peer;
  const veto = ctx.extensions.incoming('IKE_AUTH request', sa, message.payloads);
  if (!veto) return chosen;
  ctx.counters.count('vetoes');
  notAuthentic(ctx, sa, message, veto.why);
  return undefined;
}

/** The tunnel of the request, or the notify that refuses it; `undefined`: none is wanted. */
async function firstChild(
  ctx: IkeContext,
  sa: IkeSa,
  message: Received,
): Promise<ChildAnswer | undefined> {
  if (!find(message.payloads, 'SA')) return undefined;
  const agreed = agree(ctx, sa, message, true);
  if ('ok' in agreed) return agreed;
  const { ni, nr } = sa.init;
  const isInitialContact = !!findNotify(message.payloads, NotifyType.INITIAL_CONTACT);
  return makeChild(ctx, sa, agreed, { ni, nr, isInitialContact });
}

export async function authRequested(ctx: IkeContext, sa: IkeSa, message: Received): Promise<void> {
  sa.timers.cancel('half-open');
  enter(ctx, sa, 'AUTH_PENDING', 'keys of the peer are looked for');
  const chosen = await authenticate(ctx, sa, message);
  if (!chosen) return;
  const proof = proveOurselves(ctx, sa, chosen);
  if (!proof.ok) {
    notAuthentic(ctx, sa, message, `no signature of ours that it takes: ${proof.why}`);
    return;
  }
  sa.ownIdentity = proof.identity;
  const answer = await firstChild(ctx, sa, message);
  if (sa.state !== 'AUTH_PENDING') return;
  enter(ctx, sa, 'ESTABLISHED', 'both ends are proven');
  openWindows(ctx, sa, message.payloads);
  watchPeer(ctx, sa);
  watchAge(ctx, sa);
  const payloads: Payload[] = [
    idPayload('IDr', proof.identity),
    ...certificatesToShow(proof.credential, findAll(message.payloads, 'CERTREQ')),
    { kind: 'AUTH', ...proof.auth },
    ...(answer?.payloads ?? []),
    ...contactOfResponder(ctx, sa),
    ...announceWindow(ctx),
    ...ctx.extensions.outgoing('IKE_AUTH response', sa, message.payloads),
  ];
  respond(ctx, sa, message, payloads);
  if (answer) announce(ctx, sa, answer);
  else idleWatch(ctx, sa);
  // Now, when the tunnel that stands in for those that go is there.
  heedInitialContact(ctx, sa, message.payloads);
}

/** Tells the owner, or the log, what became of a tunnel that a peer asked for. */
export function announce(ctx: IkeContext, sa: IkeSa, answer: ChildAnswer): void {
  if (answer.ok) {
    ctx.counters.count('tunnels as responder');
    // It may have ended again while the answer was being made.
    if (answer.child.tunnel && answer.child.state === 'UP')
      ctx.owner.established(answer.child.tunnel);
  } else {
    ctx.counters.count('peers refused');
    ctx.refusals.write(`tunnel refused to ${sa.path.remote.address}: ${answer.why}`);
  }
  idleWatch(ctx, sa);
}
