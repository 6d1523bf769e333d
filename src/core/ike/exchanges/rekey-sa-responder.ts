/** Rekey of the IKE SA as responder (RFC 7296 §1.3.2, §2.8.2, §2.25.2). */
import { uintBytes } from '../../bytes/bytes.js';
import type { IkeContext } from '../context.js';
import { createHeir, establishHeir, inherit, leaveToPeer } from '../heir.js';
import type { IkeSa } from '../ike-sa.js';
import { find, type PayloadOf } from '../payloads/payload.js';
import { answerProposal, type Choice, chooseIke, type IkeSuite } from '../proposals/choose.js';
import { Exchange } from '../registries/exchanges.js';
import { NotifyType } from '../registries/notifies.js';
import { type Received, respond, respondNotify } from './common.js';
import { NONCE_LENGTH } from './ike-sa-init-initiator.js';

/** §2.25.2: a tunnel is being made, rekeyed or closed, by us or on request of the peer. */
function isBusyWithTunnels(sa: IkeSa): boolean {
  const changing = [...sa.children].some(({ state }) =>
    ['INSTALLING', 'REKEYING', 'DELETING'].includes(state),
  );
  const asks = sa.state === 'ESTABLISHED' && sa.requests.isOut(Exchange.CREATE_CHILD_SA);
  // One of those is the request itself.
  return changing || asks || sa.requests.isClosing || sa.responses.busy > 1;
}

export function rekeySaRequested(ctx: IkeContext, sa: IkeSa, message: Received): void {
  if (sa.heir || isBusyWithTunnels(sa) || ctx.sas.size >= ctx.limits.maxSas) {
    respondNotify(ctx, sa, message, NotifyType.TEMPORARY_FAILURE);
    return;
  }
  if (ctx.extensions.incoming('CREATE_CHILD_SA request', sa, message.payloads)) {
    ctx.counters.count('vetoes');
    respondNotify(ctx, sa, message, NotifyType.NO_ADDITIONAL_SAS);
    return;
  }
  const ke = find(message.payloads, 'KE')!;
  const { proposals } = find(message.payloads, 'SA')!;
  const choice = chooseIke(proposals, ke.group, ctx.preferences, 8);
  const isNamed = choice?.from.spi.some((byte) => byte !== 0);
  if (choice && isNamed) makeHeir(ctx, sa, message, choice, ke);
  else {
    ctx.counters.count('no proposal chosen');
    respondNotify(ctx, sa, message, NotifyType.NO_PROPOSAL_CHOSEN);
  }
}

function makeHeir(
  ctx: IkeContext,
  sa: IkeSa,
  message: Received,
  choice: Choice<IkeSuite>,
  ke: PayloadOf<'KE'>,
): void {
  const { suite } = choice;
  const pair = suite.group.id === ke.group ? ctx.keyPairs.take(suite.group) : undefined;
  const shared = pair?.shared(ke.data);
  if (!pair || !shared) {
    const wanted = uintBytes(suite.group.id, 2);
    respondNotify(ctx, sa, message, NotifyType.INVALID_KE_PAYLOAD, wanted);
    return;
  }
  const heir = createHeir(ctx, sa, 'responder');
  const ni = find(message.payloads, 'Nonce')!.data;
  const nr = ctx.random(NONCE_LENGTH);
  establishHeir(ctx, heir, sa, { suite, spiPeer: choice.from.spi, shared, ni, nr });
  ctx.counters.count('IKE rekeys as responder');
  sa.heir = heir;
  // While a request of our own is on its way, its answer decides.
  const isDecided = sa.state === 'ESTABLISHED';
  // Before the answer is kept: a daemon that finds it believes that the new one has the tunnels
  if (isDecided) inherit(ctx, sa, heir);
  respond(ctx, sa, message, [
    { kind: 'SA', proposals: [answerProposal(choice, heir.spiOwn)] },
    { kind: 'Nonce', data: nr },
    { kind: 'KE', group: suite.group.id, data: pair.publicKey },
    ...ctx.extensions.outgoing('CREATE_CHILD_SA response', sa, message.payloads),
  ]);
  if (isDecided) leaveToPeer(ctx, sa);
}
