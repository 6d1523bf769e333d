/** From a protected message to what is inside: keys, integrity, decryption, and fragments. */
import type { IkeContext } from './context.js';
import { deleteSa } from './exchanges/informational.js';
import { unprotectedWithin } from './hints.js';
import type { IkeSa } from './ike-sa.js';
import type { Message } from './message.js';
import type { Payload } from './payloads/payload.js';
import { type Opened, openMessage, readInner } from './protect.js';
import type { Reassembly } from './reassembly.js';
import { endSa } from './sa-life.js';
import { isAuthenticated } from './states.js';

/** What is inside a protected message; `datagram` stands for it in the window. */
export interface Inside {
  payloads: Payload[] | { error: string };
  datagram: Uint8Array;
}

/** The payloads of a protected message, if it is from the peer, and whole with this datagram. */
export function open(ctx: IkeContext, sa: IkeSa, message: Message): Inside | undefined {
  const { sealed, head, bytes } = message;
  if (!sealed) {
    unprotectedWithin(ctx, sa, message);
    return undefined;
  }
  // Here is where a responder pays for the key exchange; see `IkeSa.deriveKeys`.
  if (!sa.deriveKeys(ctx.random)) {
    ctx.counters.count('forged messages');
    return undefined;
  }
  const queue = head.isResponse ? sa.fragments.responses : sa.fragments.requests;
  if (sealed.fragment) return openFragment(ctx, sa, message, queue);
  const opened = openMessage(sealed, sa.suite!.cipher, sa.peerKeys!);
  if (opened.kind === 'forged') {
    ctx.counters.count('forged messages');
    return undefined;
  }
  // Parts of the same message that came before are of no use any more.
  queue.forget(head.messageId);
  return { payloads: payloadsOf(opened), datagram: bytes };
}

const payloadsOf = (opened: Exclude<Opened, { kind: 'forged' }>): Inside['payloads'] =>
  opened.kind === 'open' ? opened.payloads : { error: opened.error };

/** RFC 7383 §2.6. The message when this was the last fragment; the window hears of it then only. */
function openFragment(
  ctx: IkeContext,
  sa: IkeSa,
  { sealed, head, bytes }: Message,
  queue: Reassembly,
): Inside | undefined {
  const { first, aad, body, fragment } = sealed!;
  if (sa.fragmentSizes.length === 0 || !queue.wants(head.messageId, fragment!)) {
    ctx.counters.count('fragments passed over');
    return undefined;
  }
  const plaintext = sa.suite!.cipher.open({ keys: sa.peerKeys!, aad, body });
  if (!plaintext) {
    ctx.counters.count('forged messages');
    return undefined;
  }
  ctx.counters.count('fragments received');
  const part = { first, plaintext, datagram: bytes };
  const added = queue.add(head.messageId, fragment!, part, roomFor(ctx, sa));
  if (added === 'no room') ctx.counters.count('fragments without room');
  if (added === 'wait' || added === 'no room') return undefined;
  if (added === 'too much') {
    endForFragments(ctx, sa);
    return undefined;
  }
  return {
    payloads: payloadsOf(readInner(added.first, added.plaintext)),
    datagram: added.datagram,
  };
}

/** Callers who have proven nothing leave half of it to peers and to answers that we wait for. */
function roomFor({ limits: { maxFragmentBytes } }: IkeContext, sa: IkeSa): number {
  const isStranger = sa.role === 'responder' && !isAuthenticated(sa.state);
  return isStranger ? maxFragmentBytes / 2 : maxFragmentBytes;
}

/** RFC 7383 §5: an attack or a broken sender. */
function endForFragments(ctx: IkeContext, sa: IkeSa): void {
  ctx.counters.count('fragments too many');
  const why = 'more fragments than a message may have';
  if (sa.state === 'ESTABLISHED') void deleteSa(ctx, sa, why);
  else if (!isAuthenticated(sa.state)) void endSa(ctx, sa, 'expired', why);
}
