/**
 * What is answered to requests about a Child SA that something happens to already (RFC 7296 §2.25.1),
 * and which of two SAs stays when both ends rekey at once (§2.8.1). What holds for the IKE SA is in
 * `rows.ts`.
 */
import type { ChildState } from './child.js';

/** `NONE`: we have no such Child SA. */
type Found = ChildState | 'NONE';

/** A request to rekey it. */
export const rekeyAnswers: Readonly<
  Record<Found, 'do it' | 'TEMPORARY_FAILURE' | 'CHILD_SA_NOT_FOUND'>
> = {
  NONE: 'CHILD_SA_NOT_FOUND',
  GONE: 'CHILD_SA_NOT_FOUND',
  // The answer that tells of it has come before the kernel was ready.
  INSTALLING: 'TEMPORARY_FAILURE',
  UP: 'do it',
  // Both at once: as usual, and one of the two new ones goes later.
  REKEYING: 'do it',
  // One of us is about to delete it.
  REPLACED: 'TEMPORARY_FAILURE',
  DELETING: 'TEMPORARY_FAILURE',
};

/** A request to delete it: do we delete our half too, by a payload in the answer (§1.4.1)? */
export const deletesInReturn: Readonly<Record<Found, boolean>> = {
  NONE: false,
  GONE: false,
  INSTALLING: true,
  UP: true,
  // Our own request will not be granted: CHILD_SA_NOT_FOUND.
  REKEYING: true,
  REPLACED: true,
  // Our own delete names it.
  DELETING: false,
};

/** §2.8.1: octet by octet, and a nonce that is the beginning of the other one is lower. */
export function isLower(a: Uint8Array, b: Uint8Array): boolean {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return at < 0 ? a.length < b.length : at >= b.length ? false : a[at]! < b[at]!;
}

/** The lower of the two nonces of an exchange. */
export const lowerNonce = (ni: Uint8Array, nr: Uint8Array): Uint8Array =>
  isLower(ni, nr) ? ni : nr;
