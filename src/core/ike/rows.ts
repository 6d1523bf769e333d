/**
 * Which message means what in which state (RFC 7296 §1.2 to §1.4): the table by which the daemon
 * runs. The first row that fits wins, so a row that is a special case of another stands above it.
 * `states.ts` has the figure.
 */
import type { IkeContext } from './context.js';
import type { Received } from './exchanges/common.js';
import { childRequested, refuseForNow } from './exchanges/create-child-responder.js';
import {
  authAnswered,
  authAnsweredWithoutChild,
  authRefused,
} from './exchanges/ike-auth-initiator.js';
import { authRequested, refuseOtherAuth } from './exchanges/ike-auth-responder.js';
import {
  initAnswered,
  noteRefusal,
  retryWithCookie,
  retryWithGroup,
} from './exchanges/ike-sa-init-initiator.js';
import { informed } from './exchanges/informational-responder.js';
import { rekeyChildRequested } from './exchanges/rekey-child-responder.js';
import { rekeySaRequested } from './exchanges/rekey-sa-responder.js';
import type { IkeSa } from './ike-sa.js';
import * as messages from './messages.js';
import type { Request } from './request-window.js';
import type { State } from './states.js';

/** Handles a message. May take its time; other requests of the peer are processed meanwhile. */
export type Handler = (
  ctx: IkeContext,
  sa: IkeSa,
  message: Received,
  /** Our request that this message answers. */
  request: Request | undefined,
) => void | Promise<void> | undefined;

export interface Row {
  readonly story: string;
  readonly from: readonly State[];
  readonly message: messages.MessageShape;
  readonly run: Handler;
  /** States in which it may leave the SA. */
  readonly to: readonly State[];
  /** An answer that does not end our request: it goes on being sent (OE-45). */
  readonly keepsRequest?: boolean;
}

/** Answers within an established SA go back to the one who asked. */
const giveToRequest: Handler = (_ctx, _sa, message, request) =>
  request?.answered?.(message.payloads);

const standing: readonly State[] = ['ESTABLISHED'];
/** Nothing new is begun in it. */
const changing: readonly State[] = ['REKEYING', 'REKEYED', 'DELETING'];
const leaving: readonly State[] = ['REKEYED', 'DELETING'];
const standingOrLeaving: readonly State[] = ['ESTABLISHED', ...changing];

export const rows: readonly Row[] = [
  // IKE_SA_INIT, unprotected. The request of a stranger has no SA yet, see `dispatch.ts`.
  {
    story: 'the responder wants a cookie (§2.6)',
    from: ['INIT_SENT'],
    message: messages.cookieDemand,
    run: retryWithCookie,
    to: ['INIT_SENT'],
    keepsRequest: true,
  },
  {
    story: 'the responder wants another group (§1.2)',
    from: ['INIT_SENT'],
    message: messages.otherGroupWanted,
    run: retryWithGroup,
    to: ['INIT_SENT'],
    keepsRequest: true,
  },
  {
    story: 'IKE_SA_INIT answered: send IKE_AUTH',
    from: ['INIT_SENT'],
    message: messages.initResponse,
    run: initAnswered,
    to: ['INIT_SENT', 'AUTH_SENT', 'GONE'],
    keepsRequest: true,
  },
  {
    story: 'somebody refuses, unproven: a hint and no more (OE-45)',
    from: ['INIT_SENT'],
    message: messages.initRefusal,
    run: noteRefusal,
    to: ['INIT_SENT'],
    keepsRequest: true,
  },

  // IKE_AUTH
  {
    story: 'a peer proves itself and wants a tunnel',
    from: ['INIT_ANSWERED'],
    message: messages.authRequest,
    run: authRequested,
    to: ['AUTH_PENDING', 'ESTABLISHED', 'GONE'],
  },
  {
    story: 'a peer proves itself and wants no tunnel (RFC 6023)',
    from: ['INIT_ANSWERED'],
    message: messages.childlessRequest,
    run: authRequested,
    to: ['AUTH_PENDING', 'ESTABLISHED', 'GONE'],
  },
  {
    story: 'IKE_AUTH of a kind that we do not speak (behind the full one: this fits everything)',
    from: ['INIT_ANSWERED'],
    message: messages.otherAuthRequest,
    run: refuseOtherAuth,
    to: ['GONE'],
  },
  {
    story: 'the peer is proven and the tunnel is agreed',
    from: ['AUTH_SENT'],
    message: messages.authResponse,
    run: authAnswered,
    to: ['ESTABLISHED', 'DELETING'],
  },
  {
    story:
      'the peer is proven and refuses the tunnel (before the bare refusal: both have a notify)',
    from: ['AUTH_SENT'],
    message: messages.authWithoutChild,
    run: authAnsweredWithoutChild,
    to: ['ESTABLISHED', 'DELETING'],
  },
  {
    story: 'the peer is proven, no tunnel was asked for (behind the refused one: it fits that too)',
    from: ['AUTH_SENT'],
    message: messages.childlessResponse,
    run: authAnsweredWithoutChild,
    to: ['ESTABLISHED', 'DELETING'],
  },
  {
    story: 'the peer does not take us (§2.21.2)',
    from: ['AUTH_SENT'],
    message: messages.authRefusal,
    run: authRefused,
    to: ['GONE'],
  },

  {
    story: 'nobody waits for it any more: the IKE SA is deleted now that the peer has it',
    from: ['DELETING'],
    message: messages.anyAuthResponse,
    run: giveToRequest,
    to: ['DELETING'],
  },

  // CREATE_CHILD_SA
  {
    story: 'tunnels, new or rekeyed, while the IKE SA itself is rekeyed or leaving (§2.25.2)',
    from: changing,
    message: messages.childRequest,
    run: refuseForNow,
    to: changing,
  },
  {
    story: 'rekey of a Child SA (before the plain request: the notify tells them apart)',
    from: standing,
    message: messages.rekeyChildRequest,
    run: rekeyChildRequested,
    to: standing,
  },
  {
    story: 'one more tunnel',
    from: standing,
    message: messages.childRequest,
    run: childRequested,
    to: standing,
  },
  {
    story: 'rekey of the IKE SA; at both ends at once, too (§2.8.2)',
    from: ['ESTABLISHED', 'REKEYING'],
    message: messages.rekeyIkeRequest,
    run: rekeySaRequested,
    to: ['ESTABLISHED', 'REKEYING', 'REKEYED'],
  },
  {
    story: 'rekey of an IKE SA that is on its way out (§2.25.2)',
    from: leaving,
    message: messages.rekeyIkeRequest,
    run: refuseForNow,
    to: leaving,
  },
  {
    story: 'the rekey of the IKE SA that we asked for',
    from: changing,
    message: messages.rekeyIkeResponse,
    run: giveToRequest,
    to: changing,
  },
  {
    story: 'the tunnel that we asked for',
    from: standingOrLeaving,
    message: messages.childResponse,
    run: giveToRequest,
    to: standingOrLeaving,
  },
  {
    story: 'the tunnel that we asked for is refused',
    from: standingOrLeaving,
    message: messages.childRefusal,
    run: giveToRequest,
    to: standingOrLeaving,
  },

  // INFORMATIONAL
  {
    story: 'deletes, errors, or nothing at all: the peer asks whether we live',
    from: standingOrLeaving,
    message: messages.informationalRequest,
    run: informed,
    to: [...standingOrLeaving, 'GONE'],
  },
  {
    story: 'an answer to our delete, error or probe',
    from: standingOrLeaving,
    message: messages.informationalResponse,
    run: giveToRequest,
    to: [...standingOrLeaving, 'GONE'],
  },
];
