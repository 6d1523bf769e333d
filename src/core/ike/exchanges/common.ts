/** What the exchanges share: a received message, the answer to it, and refusals. */
import type { IkeContext } from '../context.js';
import { seal } from '../fragmentation.js';
import type { IkeSa } from '../ike-sa.js';
import type { Head } from '../message.js';
import { notifyPayload, type Payload } from '../payloads/payload.js';
import { endSa, transmitAll } from '../sa-life.js';
import type { Sealed } from '../sealed.js';
import type { Path } from '../transport.js';

/** A message of the peer whose shape fits the row that runs. */
export interface Received {
  head: Head;
  bytes: Uint8Array;
  payloads: readonly Payload[];
  /** Where it came in; the answer goes back the same way. */
  path: Path;
}

/** Answers a protected request; the answer is kept for repetitions. */
export function respond(
  ctx: IkeContext,
  sa: IkeSa,
  request: Received,
  payloads: readonly Payload[],
): void {
  if (!sa.sealer) return; // ended while we were working on it
  const head = sa.head(request.head.exchange, true, request.head.messageId);
  const sealed = seal(sa, head, payloads);
  sa.responses.finish(request.head.messageId, sealed);
  ctx.keeper.beforeSending(sa);
  transmitAll(ctx, sealed, request.path);
}

export function respondNotify(
  ctx: IkeContext,
  sa: IkeSa,
  request: Received,
  type: number,
  data?: Uint8Array,
): void {
  respond(ctx, sa, request, [notifyPayload(type, data)]);
}

/** The answer is an error that ends the IKE SA (RFC 7296 §2.21.2, §2.21.3). */
export function respondAndEnd(
  ctx: IkeContext,
  sa: IkeSa,
  request: Received,
  type: number,
  why: string,
): void {
  sa.isEnding = true;
  respondNotify(ctx, sa, request, type);
  void endSa(ctx, sa, 'deleted by us', why);
}

/** Seals a request of ours within an SA. */
export const sealRequest = (
  sa: IkeSa,
  exchange: number,
  messageId: number,
  payloads: readonly Payload[],
): Sealed => seal(sa, sa.head(exchange, false, messageId), payloads);
