/** Rekey of a Child SA as responder (RFC 7296 §1.3.3, §2.25.1). */
import { type Child, spiNumber } from '../child.js';
import { rekeyAnswers } from '../collisions.js';
import type { IkeContext } from '../context.js';
import type { IkeSa } from '../ike-sa.js';
import { findNotify } from '../payloads/payload.js';
import { Exchange } from '../registries/exchanges.js';
import { NotifyType } from '../registries/notifies.js';
import { Protocol } from '../registries/protocols.js';
import { type Received, respond } from './common.js';
import { serveChild } from './create-child-responder.js';
import { mayBeRekeyed } from './takeover.js';

/** The Child SA whose inbound SPI, as the peer sees it, the request names. */
function namedChild(sa: IkeSa, message: Received): Child | undefined {
  const { protocol, spi } = findNotify(message.payloads, NotifyType.REKEY_SA)!;
  if (protocol !== Protocol.ESP || spi.length !== 4) return undefined;
  return [...sa.children].find((child) => child.sa.outbound.spi === spiNumber(spi));
}

export function rekeyChildRequested(
  ctx: IkeContext,
  sa: IkeSa,
  message: Received,
): Promise<void> | undefined {
  const old = namedChild(sa, message);
  if (old && mayBeRekeyed(old)) return serveChild(ctx, sa, message, old);
  const answer = rekeyAnswers[old?.state ?? 'NONE'];
  // The answer of the peer that tells of it, or that brings it into this IKE SA, may be on its way.
  const isOut = (one?: IkeSa) => one?.requests.isOut(Exchange.CREATE_CHILD_SA);
  const isEarly = !old && (isOut(sa) || isOut(sa.replaces));
  const type = answer === 'do it' || isEarly ? 'TEMPORARY_FAILURE' : answer;
  const { protocol, spi } = findNotify(message.payloads, NotifyType.REKEY_SA)!;
  const data = new Uint8Array(0);
  respond(ctx, sa, message, [{ kind: 'N', protocol, type: NotifyType[type], spi, data }]);
  return undefined;
}
