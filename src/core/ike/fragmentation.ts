/**
 * IKE fragmentation (RFC 7383), the sending half: whether the peer takes fragments, and how large
 * they are. A message that fits is never cut. Sizes go downward (§2.5.2): what stays unanswered for
 * a few sendings is sent again in smaller pieces. `reassembly.ts` is the other half.
 */
import { familyOf } from '../net/address.js';
import type { Extension, SaView } from './extension.js';
import type { IkeSa } from './ike-sa.js';
import type { IkeLimits } from './limits.js';
import type { Head } from './message.js';
import { findNotify, notifyPayload, type Payload } from './payloads/payload.js';
import { sealedLength, sealFragments, sealMessage } from './protect.js';
import { NotifyType } from './registries/notifies.js';
import { type Sealed, whole } from './sealed.js';
import { NAT_PORT, type Path } from './transport.js';

/** Headers of IP without options, UDP, and the non-ESP marker (RFC 7383 appendix B). */
const IP_HEADER = { 4: 20, 6: 40 } as const;
const UDP_HEADER = 8;
const MARKER = 4;

/** Room for an IKE message in an IP datagram of `size` bytes. */
function roomIn(size: number, { local }: Path): number {
  const marker = local.port === NAT_PORT ? MARKER : 0;
  return size - IP_HEADER[familyOf(local.address)] - UDP_HEADER - marker;
}

/**
 * IKEV2_FRAGMENTATION_SUPPORTED (§2.3) in both messages of IKE_SA_INIT, as an extension. Without
 * sizes for a family there is none; a responder answers the notify and does not begin with it.
 */
export const fragmentation = ({ fragmentSizes }: Pick<IkeLimits, 'fragmentSizes'>): Extension => {
  const sizesFor = (sa: SaView) => fragmentSizes[familyOf(sa.path.local.address)];
  return {
    name: 'fragmentation',
    outgoing(message, sa) {
      const isTime =
        (message === 'IKE_SA_INIT request' && sizesFor(sa).length > 0) ||
        (message === 'IKE_SA_INIT response' && sa.fragmentSizes.length > 0);
      return isTime ? [notifyPayload(NotifyType.IKEV2_FRAGMENTATION_SUPPORTED)] : [];
    },
    incoming(message, sa, payloads) {
      if (!message.startsWith('IKE_SA_INIT')) return undefined;
      const isOffered = findNotify(payloads, NotifyType.IKEV2_FRAGMENTATION_SUPPORTED);
      sa.fragmentSizes = isOffered ? sizesFor(sa) : [];
      return undefined;
    },
  };
};

/** Protects a message of ours, in fragments where it is too long for one datagram of `sizes[0]`. */
export function seal(
  sa: IkeSa,
  head: Head,
  payloads: readonly Payload[],
  sizes: readonly number[] = sa.fragmentSizes,
): Sealed {
  const sealer = sa.sealer!;
  const length = sealedLength(payloads, sealer);
  const size = sizes.find((each) => roomIn(each, sa.path) < length);
  if (size === undefined) return whole(sealMessage(head, payloads, sealer));
  const isFirstChoice = size === sizes[0];
  const datagrams = isFirstChoice
    ? sealFragments(head, payloads, sealer, roomIn(size, sa.path))
    : [sealMessage(head, payloads, sealer)];
  const others = sizes.slice(isFirstChoice ? 1 : sizes.indexOf(size));
  if (others.length === 0) return { datagrams };
  const smaller = () => {
    // §2.5.2: the messages that follow begin with the size that has come to be known.
    sa.fragmentSizes = others;
    return sa.sealer ? seal(sa, head, payloads, others) : { datagrams };
  };
  return { datagrams, smaller };
}
