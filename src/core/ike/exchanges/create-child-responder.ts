/** CREATE_CHILD_SA as responder (RFC 7296 §1.3.1): one more tunnel, or new keys for one. */
import { uintBytes } from '../../bytes/bytes.js';
import type { Child } from '../child.js';
import type { IkeContext } from '../context.js';
import type { DhGroup } from '../crypto/dh.js';
import { dhGroupById } from '../crypto/dh-groups.js';
import type { IkeSa } from '../ike-sa.js';
import { find, type Payload } from '../payloads/payload.js';
import { NotifyType } from '../registries/notifies.js';
import { agree, type ChildAnswer, makeChild } from './child-answer.js';
import { type Received, respond, respondNotify } from './common.js';
import { announce } from './ike-auth-responder.js';
import { NONCE_LENGTH } from './ike-sa-init-initiator.js';
import { idleWatch } from './informational.js';

/** §2.25.2: the IKE SA is on its way out, or about to be rekeyed. */
export function refuseForNow(ctx: IkeContext, sa: IkeSa, message: Received): void {
  respondNotify(ctx, sa, message, NotifyType.TEMPORARY_FAILURE);
}

/** Our half of the key exchange, where the chosen proposal has a group. */
type Exchanged =
  | { ok: true; payloads: Payload[]; shared?: Uint8Array }
  | { ok: false; wanted: DhGroup };

function exchangeKeys(ctx: IkeContext, message: Received, group: DhGroup | undefined): Exchanged {
  if (!group) return { ok: true, payloads: [] };
  const ke = find(message.payloads, 'KE');
  if (ke?.group !== group.id) return { ok: false, wanted: group };
  const pair = ctx.keyPairs.take(dhGroupById(group.id)!);
  const shared = pair.shared(ke.data);
  if (!shared) return { ok: false, wanted: group };
  return {
    ok: true,
    shared,
    payloads: [{ kind: 'KE', group: group.id, data: pair.publicKey }],
  };
}

export const childRequested = (ctx: IkeContext, sa: IkeSa, message: Received): Promise<void> =>
  serveChild(ctx, sa, message);

/** `old`: the one that it rekeys. */
export async function serveChild(
  ctx: IkeContext,
  sa: IkeSa,
  message: Received,
  old?: Child,
): Promise<void> {
  const veto = ctx.extensions.incoming('CREATE_CHILD_SA request', sa, message.payloads);
  if (veto) {
    ctx.counters.count('vetoes');
    respondNotify(ctx, sa, message, NotifyType.TS_UNACCEPTABLE);
    return;
  }
  const agreed = agree(ctx, sa, message, false, old);
  if ('ok' in agreed) {
    finish(ctx, sa, message, agreed, []);
    announce(ctx, sa, agreed);
    return;
  }
  const exchanged = exchangeKeys(ctx, message, agreed.choice.suite.group);
  if (!exchanged.ok) {
    const wanted = uintBytes(exchanged.wanted.id, 2);
    respondNotify(ctx, sa, message, NotifyType.INVALID_KE_PAYLOAD, wanted);
    return;
  }
  const nr = ctx.random(NONCE_LENGTH);
  const ni = find(message.payloads, 'Nonce')!.data;
  const { shared } = exchanged;
  const making = makeChild(ctx, sa, agreed, { ni, nr, shared }, old);
  const answer = await ctx.workload.during(making);
  finish(ctx, sa, message, answer, [{ kind: 'Nonce', data: nr }, ...exchanged.payloads]);
  // The tunnel of a rekey is known.
  if (old && answer.ok) idleWatch(ctx, sa);
  else announce(ctx, sa, answer);
}

/** SA, Nonce, KE, TSi, TSr in this order; or just the refusal. */
function finish(
  ctx: IkeContext,
  sa: IkeSa,
  message: Received,
  answer: ChildAnswer,
  between: readonly Payload[],
): void {
  const [first, ...others] = answer.payloads;
  const payloads = answer.ok
    ? [
        first!,
        ...between,
        ...others,
        ...ctx.extensions.outgoing('CREATE_CHILD_SA response', sa, message.payloads),
      ]
    : answer.payloads;
  respond(ctx, sa, message, payloads);
}
