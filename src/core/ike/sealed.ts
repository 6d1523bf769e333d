/**
 * A protected message ready to leave: one datagram, or several that the peer puts together
 * (RFC 7383). It is kept like this to be sent again, bit for bit the same (RFC 7296 §2.1).
 */

export interface Sealed {
  readonly datagrams: readonly Uint8Array[];
  /** The same message in smaller pieces; absent when there is no smaller size for it. */
  smaller?(): Sealed;
}

/** A message in one piece. */
export const whole = (bytes: Uint8Array): Sealed => ({ datagrams: [bytes] });
