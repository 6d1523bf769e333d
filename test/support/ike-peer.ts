/**
 * Looks into, and speaks for, one end of an IKE SA in a test: opens captured messages with the keys
 * of a daemon, and sends protected messages that the daemon itself would never send.
 */

import type { IkeContext } from '../../src/core/ike/context.js';
import type { IkeSa } from '../../src/core/ike/ike-sa.js';
import { readMessage } from '../../src/core/ike/message.js';
import type { Payload } from '../../src/core/ike/payloads/payload.js';
import { openMessage, sealMessage } from '../../src/core/ike/protect.js';
import type { IkeEnd } from './ike-end.js';
import type { Captured } from './memory-network.js';

/** What the parts of a daemon share. */
export const contextOf = (end: Pick<IkeEnd, 'daemon'>): IkeContext =>
  (end.daemon as unknown as { context: IkeContext }).context;

/** The IKE SAs of a daemon; tests only. */
export const sasOf = (end: Pick<IkeEnd, 'daemon'>): IkeSa[] => contextOf(end).sas.all();

/** The payloads of a captured message of an SA whose keys `end` has. */
export function openCaptured(sa: IkeSa, packet: Captured): readonly Payload[] {
  const read = readMessage(packet.bytes);
  if (!read.ok) throw new Error(read.error);
  const { sealed, head } = read.value;
  if (!sealed) return read.value.payloads;
  const keys = head.isFromInitiator ? sa.keys!.initiator : sa.keys!.responder;
  const opened = openMessage(sealed, sa.suite!.cipher, keys);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  return opened.payloads;
}

export interface Forged {
  exchange: number;
  messageId: number;
  payloads: readonly Payload[];
  isResponse?: boolean;
}

/** Sends a message within an SA as if `end`'s daemon had sent it. */
export function speakFor(end: IkeEnd, sa: IkeSa, message: Forged): void {
  const head = sa.head(message.exchange, message.isResponse ?? false, message.messageId);
  const bytes = sealMessage(head, message.payloads, sa.sealer!);
  const { network } = end.world;
  network.transmit(sa.path.local, sa.path.remote, bytes);
}
